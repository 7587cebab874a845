package rooms

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrAddress is wrapped by every refusal of a contact; its text never repeats the input.
var ErrAddress = errors.New("not a valid address")

const (
	maxEmail     = 254 // RFC 5321 §4.5.3.1.3, less the angle brackets
	maxLocalPart = 64  // RFC 5321 §4.5.3.1.1
	minE164      = 8   // "+" and seven digits, the shortest numbers in use
	maxE164      = 16  // "+" and fifteen digits, ITU-T E.164 §6.2.1
)

// ParseEmail accepts one bare e-mail address, without display name, comment or quotes.
func ParseEmail(s string) (Address, error) {
	if len(s) == 0 || len(s) > maxEmail || !utf8.ValidString(s) {
		return Address{}, fmt.Errorf("%w: an e-mail address has 1 to %d characters", ErrAddress, maxEmail)
	}
	if strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || !unicode.IsPrint(r) || posesAsASCII(r) || strings.ContainsRune(`"<>()[],;:\`, r)
	}) {
		return Address{}, fmt.Errorf("%w: a character that no e-mail address may hold", ErrAddress)
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return Address{}, fmt.Errorf("%w: an e-mail address reads local@domain", ErrAddress)
	}
	local, domain, _ := strings.Cut(s, "@")
	if len(local) > maxLocalPart || !validDomain(domain) {
		return Address{}, fmt.Errorf("%w: local part or domain of an e-mail address", ErrAddress)
	}
	return Address{hide(s)}, nil
}

// posesAsASCII finds characters that only lower case makes ASCII, such as the Kelvin sign: by
// Same, an address with one would be somebody else's.
func posesAsASCII(r rune) bool {
	return r > unicode.MaxASCII && unicode.ToLower(r) <= unicode.MaxASCII
}

// validDomain accepts names of at least two labels. No top-level domain is a number (RFC 3696
// §2), so what ends in one is an IP address or a mistake. No label begins with a combining mark
// (RFC 5891 §4.2.3.2).
func validDomain(domain string) bool {
	labels := strings.Split(domain, ".")
	if len(labels) < 2 || !strings.ContainsFunc(labels[len(labels)-1], unicode.IsLetter) {
		return false
	}
	for _, l := range labels {
		first, _ := utf8.DecodeRuneInString(l)
		if l == "" || len(l) > 63 || unicode.IsMark(first) || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		if strings.ContainsFunc(l, func(r rune) bool {
			return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
		}) {
			return false
		}
	}
	return true
}

// ParsePhone accepts a number in E.164 notation: "+", country code, subscriber number, digits only.
func ParsePhone(s string) (Address, error) {
	if len(s) < minE164 || len(s) > maxE164 || s[0] != '+' || s[1] < '1' || s[1] > '9' {
		return Address{}, fmt.Errorf("%w: a telephone number is in E.164 form, such as +41791234567", ErrAddress)
	}
	if !all(s[1:], func(c byte) bool { return '0' <= c && c <= '9' }) {
		return Address{}, fmt.Errorf("%w: a telephone number has digits only after the +", ErrAddress)
	}
	return Address{hide(s)}, nil
}

// ParseAddress accepts what the channel reaches: e-mail addresses, telephone numbers, URLs, or what a platform calls somebody.
func ParseAddress(c Channel, s string) (Address, error) {
	switch c {
	case Email:
		return ParseEmail(s)
	case SMS, WhatsApp:
		return ParsePhone(s)
	case Webhook:
		return ParseURL(s)
	case WebPush:
		return ParsePushSubscription(s)
	case Matrix:
		return ParseMatrixID(s)
	case Telegram:
		return ParseTelegramChat(s)
	}
	return Address{}, fmt.Errorf("%w: unknown channel", ErrAddress)
}

// Same is the form in which two contacts are compared and hashed: case does not
// distinguish two mailboxes in practice, although RFC 5321 §2.4 would allow it. Of a URL
// it is the path that keeps its case; of a push subscription it is the endpoint, whatever its keys.
func (a Address) Same() string {
	s := a.Reveal()
	if endpoint, ok := strings.CutPrefix(s, pushPrefix); ok {
		s, _, _ = strings.Cut(endpoint, `"`)
	}
	if scheme, rest, ok := strings.Cut(s, "://"); ok {
		end := strings.IndexAny(rest, "/?")
		if end < 0 {
			end = len(rest)
		}
		return strings.ToLower(scheme) + "://" + strings.ToLower(rest[:end]) + rest[end:]
	}
	return strings.ToLower(s)
}

// Contact is a person on a channel, or an application on Webhook.
type Contact struct {
	Channel Channel
	Address Address
	Name    Body      // display name, may be zero
	Signing []Signing // Webhook only: what signs the calls, the newest first
	// Others are where else the person can be reached, in his order; no channel stands there twice.
	Others   []Endpoint
	Language string          // BCP 47, such as "ky"; "": any
	Values   map[string]Body // what a content may say of the person, by name
	Keys     []EncryptionKey // what mail to him is encrypted with, the one preferred first; nothing goes to him in the clear then
	Copies   []Copy          // Email only: who gets the same e-mail
}

// Endpoint is an address on a channel.
type Endpoint struct {
	Channel Channel
	Address Address
}

const maxPersonName = 200

// ErrText is wrapped by every refusal of a text; its text never repeats the input.
var ErrText = errors.New("not a valid text")

// ParsePersonName accepts a display name of at most 200 characters without control characters.
func ParsePersonName(s string) (Body, error) {
	return NewBody(s), checkLine(s, maxPersonName)
}

// checkLine accepts one line: no control characters, so no CR, LF or NUL.
func checkLine(s string, limit int) error {
	if utf8.RuneCountInString(s) > limit {
		return fmt.Errorf("%w: more than %d characters", ErrText, limit)
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, isLineBreaker) {
		return fmt.Errorf("%w: control characters are not allowed here", ErrText)
	}
	return nil
}

func isLineBreaker(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }
