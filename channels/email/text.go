package email

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const maxWait = 24 * time.Hour // what a longer one is taken for

// retryAfter finds the wait that a relay asks for: "try again in 300 seconds", "come back in
// 00:05:00", "greylisted for 5 minutes", "retry after 60s". It is zero if there is none, and at
// most a day.
func retryAfter(text string) time.Duration {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return r != ':' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	for i, word := range words {
		if !slices.Contains([]string{"in", "after", "for", "within", "wait"}, word) {
			continue
		}
		if d := duration(words[i+1:]); d > 0 {
			return d
		}
	}
	return 0
}

// duration reads one at the beginning of words: 300 seconds, 5m, 00:05:00.
func duration(words []string) time.Duration {
	if len(words) == 0 {
		return 0
	}
	if d := clock(words[0]); d > 0 {
		return d
	}
	digits := len(words[0]) - len(strings.TrimLeft(words[0], "0123456789"))
	unit := words[0][digits:]
	if unit == "" && len(words) > 1 {
		unit = words[1]
	}
	n, err := strconv.ParseUint(words[0][:digits], 10, 20)
	if err != nil {
		return 0
	}
	return min(time.Duration(n)*unitOf(unit), maxWait)
}

// clock reads hours, minutes and seconds with colons between, each of one or two digits.
func clock(word string) time.Duration {
	fields := strings.Split(word, ":")
	if len(fields) != 3 {
		return 0
	}
	var d time.Duration
	for _, f := range fields {
		n, err := strconv.ParseUint(f, 10, 8)
		if err != nil || len(f) > 2 {
			return 0
		}
		d = d*60 + time.Duration(n)*time.Second
	}
	return min(d, maxWait)
}

func unitOf(word string) time.Duration {
	switch word {
	case "s", "sec", "secs", "second", "seconds":
		return time.Second
	case "m", "min", "mins", "minute", "minutes":
		return time.Minute
	case "h", "hr", "hrs", "hour", "hours":
		return time.Hour
	}
	return 0
}

// speaksOfRate finds the words with which relays say that mail comes too fast.
func speaksOfRate(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc([]string{"rate limit", "ratelimit", "throttl", "too many", "too fast", "too much mail", "slow down"},
		func(words string) bool { return strings.Contains(text, words) })
}

const maxQueueID = 64 // characters

// queueID finds the id that a relay gives a message which it has taken. Each kind of relay has
// its own words for it:
//
//	Postfix                2.0.0 Ok: queued as 4bXyZk1Qz8z1
//	Exim                   OK id=1tBcDe-0000AB-2C
//	Sendmail, OpenSMTPD    2.0.0 4AMB2cde012345 Message accepted for delivery
//	Amazon SES             Ok 0102019a-1b2c3d4e
//
// Anything else gives none, and so does an id with characters other than letters, digits and
// '-': it could be somebody's address.
func queueID(text string) string {
	words := strings.Fields(text)
	for i, word := range words {
		before, after := words[:i], words[i+1:]
		switch {
		case ends(before, "queued", "as"):
			return idToken(word, false)
		case strings.HasPrefix(word, "id="):
			return idToken(word[len("id="):], false)
		case begins(after, "Message", "accepted"), len(after) == 0 && len(before) == 1 && ends(before, "Ok"):
			return idToken(word, true)
		}
	}
	return ""
}

func begins(words []string, with ...string) bool {
	return len(words) >= len(with) && slices.EqualFunc(words[:len(with)], with, strings.EqualFold)
}

func ends(words []string, with ...string) bool {
	return len(words) >= len(with) && begins(words[len(words)-len(with):], with...)
}

// idToken is the word if it can be an id. Where the words around it leave doubt it needs a digit.
func idToken(word string, doubtful bool) string {
	word = strings.TrimRight(word, ".,;")
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-"
	const digits = "0123456789"
	if len(word) > maxQueueID || strings.Trim(word, letters+digits) != "" || doubtful && !strings.ContainsAny(word, digits) {
		return ""
	}
	return word
}
