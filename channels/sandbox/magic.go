package sandbox

import (
	"strconv"
	"strings"

	"github.com/govcrier/crier/rooms"
)

// fate is what happens to a delivery.
type fate int

const (
	ordinary fate = iota
	temporary
	permanent
	timeout
	late
	bounced
	throttled
	suppressed
)

// fates are the words in e-mail addresses; in a number the fate stands as two digits.
func fates() map[string]fate {
	return map[string]fate{
		"temporary": temporary, "permanent": permanent, "timeout": timeout, "late": late,
		"bounced": bounced, "throttled": throttled, "suppressed": suppressed,
	}
}

// magicPrefix begins the numbers that fail on demand: E.164 has no country code 999.
const magicPrefix = "+999000"

// fateOf reads from a contact what is to happen, and how many attempts fail if it is
// temporary: 0 is all of them.
func fateOf(c rooms.Contact) (f fate, failures int) {
	if c.Channel == rooms.SMS {
		return fateOfNumber(c.Address.Reveal())
	}
	return fateOfMailbox(c.Address.Reveal())
}

// fateOfMailbox reads word@…, …+word@… and, for temporary, word-n@….
func fateOfMailbox(address string) (fate, int) {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	word := local[strings.LastIndexByte(local, '+')+1:]
	if count, ok := strings.CutPrefix(word, "temporary-"); ok {
		n, err := strconv.ParseUint(count, 10, 8)
		if err != nil || n < 1 || n > 99 {
			return ordinary, 0
		}
		return temporary, int(n)
	}
	return fates()[word], 0
}

// fateOfNumber reads the prefix, two digits of fate and two of count.
func fateOfNumber(number string) (fate, int) {
	digits, ok := strings.CutPrefix(number, magicPrefix)
	if !ok || len(digits) != 4 {
		return ordinary, 0
	}
	kind, errK := strconv.Atoi(digits[:2])
	count, errC := strconv.Atoi(digits[2:])
	if errK != nil || errC != nil || fate(kind) > suppressed {
		return ordinary, 0
	}
	return fate(kind), count
}
