package email

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"github.com/govcrier/crier/rooms"
)

// message is what goes over the wire.
type message struct {
	envelope string // envelope id (RFC 3461 §4.4): "<umid>.<n>"
	from, to string
	utf8     bool   // an address needs SMTPUTF8 (RFC 6531)
	body     []byte // header and body, lines ending in CRLF
}

// composer writes messages (RFC 5322, MIME). The same delivery gives the same bytes each time:
// date, Message-ID and boundary come from the delivery alone.
type composer struct{ Options }

func (c composer) message(d rooms.Delivery) (message, error) {
	id := fmt.Sprintf("%s.%d", d.ID.UMID, d.ID.N)
	to := d.To.Address.Reveal()
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithBoundary("crier-"+id))
	m.SetDateWithValue(d.ReceivedAt.UTC())
	m.SetMessageIDWithValue(id + "@" + c.MessageIDDomain)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5: keeps holiday notices away
	from, path := c.sender(d.Sender)
	m.SetAddrHeaderFromMailAddress(gomail.HeaderFrom, &from)
	m.SetAddrHeaderFromMailAddress(gomail.HeaderTo, &mail.Address{Name: line(d.To.Name.Reveal()), Address: to})
	if c.ReplyTo != "" && from.Address == c.From { // answers to another go to himself
		m.SetAddrHeaderFromMailAddress(gomail.HeaderReplyTo, &mail.Address{Address: c.ReplyTo})
	}
	if subject := line(d.Content.Subject.Reveal()); subject != "" {
		m.SetGenHeader(gomail.HeaderSubject, subject)
	}
	if leave := d.Leave.Reveal(); leave != "" { // RFC 8058; both are among what DKIM is to cover
		m.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+leave+">")
		m.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	setBody(m, d.Content)

	var body bytes.Buffer
	if _, err := m.WriteTo(&body); err != nil {
		return message{}, err
	}
	return message{id, path, to, !ascii(path + from.Address + to), body.Bytes()}, nil
}

// sender is whom a message is from, and where its bounces go. What a sender does not have is the operator's.
func (c composer) sender(s rooms.Sender) (from mail.Address, path string) {
	from, path = mail.Address{Name: line(c.FromName), Address: c.From}, c.From
	if s.Organisation != "" {
		from.Name = line(s.Organisation)
	}
	if s.Email.IsZero() {
		return from, path
	}
	from.Address = s.Email.Reveal()
	if c.SenderReturnPath {
		path = from.Address
	}
	return from, path
}

// setBody writes text, HTML, or both as alternatives, HTML last since it is preferred (RFC 2046 §5.1.4).
func setBody(m *gomail.Msg, c rooms.Content) {
	switch {
	case c.HTML.IsZero():
		m.SetBodyString(gomail.TypeTextPlain, c.Text.Reveal())
	case c.Text.IsZero():
		m.SetBodyString(gomail.TypeTextHTML, c.HTML.Reveal())
	default:
		m.SetBodyString(gomail.TypeTextPlain, c.Text.Reveal())
		m.AddAlternativeString(gomail.TypeTextHTML, c.HTML.Reveal())
	}
}

// line makes one line of a header's text: whatever breaks or controls a line becomes a space,
// and spaces one, so that folding (RFC 5322 §2.2.3) never leaves a line empty.
func line(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	}), " ")
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}
