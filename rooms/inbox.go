package rooms

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Inbox says what people write to a room, and what they are told. The zero value: they write to its messages only.
type Inbox struct {
	// Addresses are e-mail addresses and numbers, short ones too, at which people write to the room. Rooms may share one
	// if their keywords differ; the one without keywords gets what has none of them.
	Addresses []string `json:"addresses,omitzero"`
	// Keywords are those with which a text begins that is for this room, where it came to one of Addresses.
	Keywords []string `json:"keywords,omitzero"`
	Stop     []string `json:"stop,omitzero"`    // further words that end a subscription
	Start    []string `json:"start,omitzero"`   // words that ask for one
	Help     string   `json:"help,omitzero"`    // what is said to who asks for help; "": what the operator says
	Confirm  string   `json:"confirm,omitzero"` // what is said to who has written; "": nothing
}

// What an inbox may have.
const (
	MaxInboxWords = 50
	maxKeyword    = 40
	maxInboxText  = 480
	maxShort      = 15
)

// IsZero says that nothing was set.
func (i Inbox) IsZero() bool {
	return len(i.Addresses)+len(i.Keywords)+len(i.Stop)+len(i.Start) == 0 && i.Help+i.Confirm == ""
}

// ParseOwnAddress accepts where a room can be written to: an e-mail address, a telephone number in E.164 form, a short
// number of 2 to 15 digits, or a user of Matrix.
func ParseOwnAddress(s string) (Address, error) {
	if strings.HasPrefix(s, "@") {
		return ParseMatrixID(s)
	}
	if strings.Contains(s, "@") {
		return ParseEmail(s)
	}
	if strings.HasPrefix(s, "+") {
		return ParsePhone(s)
	}
	if len(s) < 2 || len(s) > maxShort || !all(s, func(c byte) bool { return '0' <= c && c <= '9' }) {
		return Address{}, fmt.Errorf("%w: an e-mail address, a number such as +41791234567, a short one of 2 to %d digits, or @user:server of Matrix", ErrAddress, maxShort)
	}
	return Address{hide(s)}, nil
}

// ParseKeyword accepts one word, and gives it as it is compared.
func ParseKeyword(s string) (string, error) {
	word := Keyword(s)
	if word == "" || len([]rune(word)) > maxKeyword || strings.ContainsRune(word, ' ') {
		return "", fmt.Errorf("%w: a keyword is one word of at most %d letters and digits", ErrName, maxKeyword)
	}
	return word, nil
}

// ParseInboxText accepts what people are told.
func ParseInboxText(s string) (string, error) { return s, checkLine(s, maxInboxText) }

// Keyword is a text as keywords are compared: without its case, its punctuation and its outer spaces, inner ones single.
func Keyword(s string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			return r
		}
		return -1
	}, s)
	plain = strings.Map(unicode.ToLower, strings.ToUpper(plain)) // what has one upper case is one word: ſ, ς
	return strings.Join(strings.Fields(plain), " ")
}

// Takes says whether a text came to an address of the room, and whether it names the room by a keyword: as its first word,
// or as the second of two, as in STOP NEWBORN.
func (i Inbox) Takes(to Address, text string) (takes, byKeyword bool) {
	if !i.Has(to) {
		return false, false
	}
	said := strings.Fields(Keyword(text))
	if len(said) == 2 && slices.Contains(i.Keywords, said[1]) {
		return true, true
	}
	return true, len(said) > 0 && slices.Contains(i.Keywords, said[0])
}

// Has says whether the room is written to at an address. What stands after a + in an e-mail address is not compared.
func (i Inbox) Has(to Address) bool {
	if to.IsZero() {
		return false
	}
	own := func(s string) bool {
		return slices.ContainsFunc(i.Addresses, func(a string) bool { return strings.EqualFold(a, s) })
	}
	return own(to.Reveal()) || own(withoutTag(to.Reveal()))
}

func withoutTag(s string) string {
	local, domain, mail := strings.Cut(s, "@")
	if base, _, tagged := strings.Cut(local, "+"); mail && tagged {
		return base + "@" + domain
	}
	return s
}

// Clashes says whether two inboxes would both have a text at an address: one address, and one keyword, or none in either.
func (i Inbox) Clashes(o Inbox) bool {
	shared := slices.ContainsFunc(i.Addresses, func(a string) bool {
		return slices.ContainsFunc(o.Addresses, func(b string) bool { return strings.EqualFold(a, b) })
	})
	if !shared {
		return false
	}
	if len(i.Keywords) == 0 || len(o.Keywords) == 0 {
		return len(i.Keywords) == len(o.Keywords)
	}
	return slices.ContainsFunc(i.Keywords, func(k string) bool { return slices.Contains(o.Keywords, k) })
}
