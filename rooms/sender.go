package rooms

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Registration says in whose name a client sends, and from where. Its addresses are what every recipient sees, so they are
// nobody's secret.
type Registration struct {
	Client       Client   `json:"client"`
	Organisation string   `json:"organisation"`
	Email        []string `json:"email,omitzero"` // as ParseSenderEmail gives them
	SMS          []string `json:"sms,omitzero"`   // as ParseSenderID gives them
	// Names are what else the organisation is called, and Number is its number in a register of organisations. A call of the
	// e-mail API may name them; people see neither.
	Names  []string `json:"names,omitzero"`
	Number string   `json:"number,omitzero"`
	// FullReplies says that the callback of a call of the e-mail API is told what a reply to it says, not its ids alone.
	FullReplies bool   `json:"fullReplies,omitzero"`
	Entry       uint64 `json:"-"` // of the KV; 0 if it is not stored yet
}

// ErrSender says that nobody has registered the client for the sender that it names, or for any though one is needed.
var ErrSender = errors.New("a sender that is not registered for the client")

const (
	maxOrganisation = 200
	maxSenderID     = 11 // 3GPP TS 23.040 §9.1.2.5: ten octets of seven-bit characters
)

// ParseOrganisation accepts what is shown as the name of a sender: one line of printable characters.
func ParseOrganisation(s string) (string, error) {
	if s == "" || utf8.RuneCountInString(s) > maxOrganisation || s != strings.TrimSpace(s) {
		return "", fmt.Errorf("%w: 1 to %d characters, without spaces around them", ErrText, maxOrganisation)
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", fmt.Errorf("%w: printable characters in one line", ErrText)
	}
	return s, nil
}

// ParseSenderEmail accepts an address to send from, or *@domain for all of a domain, and gives it in lower case. It is in
// ASCII: an internationalised domain is written in its xn-- form, of which no two look alike.
func ParseSenderEmail(s string) (string, error) {
	if !isASCII(s) {
		return "", fmt.Errorf("%w: in ASCII; an internationalised domain in its xn-- form", ErrAddress)
	}
	a, err := ParseEmail(s)
	if err != nil {
		return "", err
	}
	if local, _, _ := strings.Cut(s, "@"); local != "*" && strings.Contains(local, "*") {
		return "", fmt.Errorf("%w: a * stands alone, for all addresses of a domain", ErrAddress)
	}
	return a.Same(), nil
}

// ParseSenderID accepts whom an SMS is from: a number in E.164 form, or up to 11 letters, digits and single spaces of which
// one is a letter, for which networks show them as they are.
func ParseSenderID(s string) (string, error) {
	if strings.HasPrefix(s, "+") {
		a, err := ParsePhone(s)
		return a.Reveal(), err
	}
	if s == "" || len(s) > maxSenderID || !all(s, func(c byte) bool { return c == ' ' || isAlphanumeric(c) }) ||
		!strings.ContainsFunc(s, unicode.IsLetter) || s != strings.Join(strings.Fields(s), " ") {
		return "", fmt.Errorf("%w: a number in E.164 form, or 1 to %d letters, digits and single spaces, one of them a letter", ErrAddress, maxSenderID)
	}
	return s, nil
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// Sender is whom a message of the client is from: of what it names what is registered, of the rest the first that is. Else it
// is ErrSender. Case does not tell senders apart, and what is sent is what was registered.
func (r Registration) Sender(named Sender) (Sender, error) {
	email, err := r.email(named.Email)
	if err != nil {
		return Sender{}, err
	}
	sms, err := r.sms(named.SMS)
	if err != nil {
		return Sender{}, err
	}
	if !r.answersAt(named.ReplyTo) {
		return Sender{}, ErrSender
	}
	return Sender{Organisation: r.Organisation, Email: email, SMS: sms, Name: named.Name, ReplyTo: named.ReplyTo}, nil
}

// answersAt says whether answers may be asked for at an address: in the domains that are registered, or nowhere.
func (r Registration) answersAt(a Address) bool {
	_, domain, _ := strings.Cut(a.Same(), "@")
	return a.IsZero() || slices.ContainsFunc(r.Email, func(one string) bool { return strings.HasSuffix(one, "@"+domain) })
}

func (r Registration) email(named Address) (Address, error) {
	for _, one := range r.Email {
		all := strings.HasPrefix(one, "*@")
		switch {
		case named.IsZero() && all:
		case named.IsZero() || named.Same() == one && !all:
			return Address{hide(one)}, nil
		case all && within(named, one):
			return Address{hide(named.Same())}, nil
		}
	}
	if !named.IsZero() {
		return Address{}, ErrSender
	}
	return Address{}, nil
}

// within says whether an address is one of those of a domain. *@domain is none.
func within(a Address, domain string) bool {
	local, rest, _ := strings.Cut(a.Same(), "@")
	return "*@"+rest == domain && !strings.Contains(local, "*") && isASCII(local)
}

func (r Registration) sms(named string) (string, error) {
	for _, one := range r.SMS {
		if named == "" || strings.EqualFold(named, one) {
			return one, nil
		}
	}
	if named != "" {
		return "", ErrSender
	}
	return "", nil
}

// Contends says whether two registrations are of different organisations and claim the same sender.
func (r Registration) Contends(other Registration) bool {
	if sameName(r.Organisation, other.Organisation) {
		return false
	}
	for _, mine := range r.Email {
		for _, theirs := range other.Email {
			if mine == theirs || covers(mine, theirs) || covers(theirs, mine) {
				return true
			}
		}
	}
	for _, mine := range r.SMS {
		for _, theirs := range other.SMS {
			if strings.EqualFold(mine, theirs) {
				return true
			}
		}
	}
	return false
}

// covers says whether *@domain stands for an address too.
func covers(all, one string) bool {
	domain, ok := strings.CutPrefix(all, "*@")
	_, of, _ := strings.Cut(one, "@")
	return ok && domain == of
}

// IsNamed says whether a name is one of the organisation's.
func (r Registration) IsNamed(name string) bool {
	return sameName(name, r.Organisation) || slices.ContainsFunc(r.Names, func(one string) bool { return sameName(name, one) })
}

// IsNumbered says whether a number is the organisation's.
func (r Registration) IsNumbered(number string) bool {
	return r.Number != "" && sameName(number, r.Number)
}

// sameName says whether two names of organisations are meant to be one.
func sameName(a, b string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
}

// SenderForm is how a sender is written before it is sealed.
type SenderForm struct {
	Organisation string `json:"o,omitempty"`
	Email        string `json:"e,omitempty"`
	SMS          string `json:"s,omitempty"`
	Name         string `json:"n,omitempty"`
	ReplyTo      string `json:"r,omitempty"`
}

// Form is the sender in the clear, to be sealed and for nothing else.
func (s Sender) Form() *SenderForm {
	f := SenderForm{s.Organisation, s.Email.Reveal(), s.SMS, s.Name.Reveal(), s.ReplyTo.Reveal()}
	if f == (SenderForm{}) {
		return nil
	}
	return &f
}

// Sender reads what Form wrote; nil is the zero value. It is checked as if it were new, so that nothing can be slipped into a
// provider's protocol.
func (f *SenderForm) Sender() (s Sender, err error) {
	if f == nil {
		return s, nil
	}
	if f.Organisation != "" {
		s.Organisation, err = ParseOrganisation(f.Organisation)
	}
	if err == nil && f.Email != "" {
		s.Email, err = ParseEmail(f.Email)
	}
	if err == nil && f.SMS != "" {
		s.SMS, err = ParseSenderID(f.SMS)
	}
	if err == nil {
		s.Name, err = ParsePersonName(f.Name)
	}
	if err == nil && f.ReplyTo != "" {
		s.ReplyTo, err = ParseEmail(f.ReplyTo)
	}
	return s, err
}
