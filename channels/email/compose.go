package email

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"github.com/govcrier/crier/rooms"
)

// message is what goes over the wire.
type message struct {
	envelope string // envelope id (RFC 3461 §4.4): "<umid>.<n>"
	from, to string
	copies   []string // who gets the same in the same transaction
	patient  bool     // a copy that is refused for now holds the e-mail back
	utf8     bool     // an address needs SMTPUTF8 (RFC 6531)
	notify   []string // of what the return path is to be told
	body     []byte   // header and body, lines ending in CRLF
}

// composer writes messages (RFC 5322, MIME). The same attempt gives the same bytes each time: date, Message-ID, boundary
// and signature come from it alone. What all recipients of a content read is composed once, and only the header that names
// one of them is written for each.
type composer struct {
	Options
	bodies *bodies
	dkim   dkimKeys
	signer *signer
}

func newComposer(o Options) (composer, error) {
	keys, err := o.readDKIM()
	if err != nil {
		return composer{}, err
	}
	s, err := newSigner(o)
	return composer{o, newBodies(o.CacheBytes), keys, s}, err
}

func (c composer) message(d rooms.Delivery) (message, error) {
	from := c.sender(d.Sender)
	header, body, err := c.parts(d, from)
	if err != nil {
		return message{}, err
	}
	signed, err := c.dkim.sign(domain(from.Address), d.ReceivedAt, header, body)
	if err != nil {
		return message{}, err
	}
	path, to, copies := c.returnPath(d), d.To.Address.Reveal(), copiesOf(d.To)
	return message{
		envelope: fmt.Sprintf("%s.%d", d.ID.UMID, d.ID.N), from: path, to: to, notify: c.Notify,
		copies: copies, patient: d.Attempt <= 1,
		utf8: !ascii(path + from.Address + to + d.Sender.ReplyTo.Reveal() + strings.Join(copies, "")),
		body: append(signed, body.bytes...),
	}, nil
}

// parts are header and body. To who has a key nothing goes in the clear: his body is his own, and so may the subject be.
func (c composer) parts(d rooms.Delivery, from mail.Address) (header []byte, b body, err error) {
	var s *signer
	if c.signer.names(from.Address) {
		s = c.signer
	}
	if header, err = c.header(d, from); err != nil {
		return nil, body{}, err
	}
	if len(d.To.Keys) == 0 {
		b, err = c.bodies.of(d.Content, s)
		return header, b, err
	}
	var hidden []byte
	if !c.ClearSubject {
		hidden = subjectOf(header)
		d.Content.Subject = rooms.NewBody(c.EncryptedSubject)
		if header, err = c.header(d, from); err != nil {
			return nil, body{}, err
		}
	}
	b, err = seal(d.To.Keys[0], d.Content, hidden, s, time.Now())
	return header, b, err
}

// subjectOf is the field of a header, nil if there is none.
func subjectOf(header []byte) []byte {
	for _, f := range fieldsOf(header) {
		if f.name == "subject" {
			return []byte(f.text)
		}
	}
	return nil
}

// header writes what is one recipient's own.
func (c composer) header(d rooms.Delivery, from mail.Address) ([]byte, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.SetDateWithValue(d.ReceivedAt.UTC())
	m.SetMessageIDWithValue(fmt.Sprintf("%s.%d@%s", d.ID.UMID, d.ID.N, c.MessageIDDomain))
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5: keeps holiday notices away
	m.SetAddrHeaderFromMailAddress(gomail.HeaderFrom, &from)
	m.SetAddrHeaderFromMailAddress(gomail.HeaderTo, &mail.Address{Name: line(d.To.Name.Reveal()), Address: d.To.Address.Reveal()})
	if open := openCopies(d.To); len(open) > 0 {
		m.SetAddrHeaderFromMailAddress(gomail.HeaderCc, open...)
	}
	if answers := c.answersTo(d, from.Address); answers != "" {
		m.SetAddrHeaderFromMailAddress(gomail.HeaderReplyTo, &mail.Address{Address: answers})
	}
	if subject := line(d.Content.Subject.Reveal()); subject != "" {
		m.SetGenHeader(gomail.HeaderSubject, subject)
	}
	if ways := c.waysToLeave(d); len(ways) > 0 { // what is set here is among what DKIM is to cover (RFC 8058)
		m.SetGenHeader(gomail.HeaderListUnsubscribe, strings.Join(ways, ", "))
	}
	if !d.Leave.IsZero() {
		m.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	var header bytes.Buffer
	_, err := m.WriteTo(&header)
	return header.Bytes(), err
}

// sender is whom a message is from. What a sender does not have is the operator's.
func (c composer) sender(s rooms.Sender) mail.Address {
	from := mail.Address{Name: line(c.FromName), Address: c.From}
	if s.Organisation != "" {
		from.Name = line(s.Organisation)
	}
	if name := line(s.Name.Reveal()); name != "" {
		from.Name = name + " (" + from.Name + ")"
	}
	if !s.Email.IsZero() {
		from.Address = s.Email.Reveal()
	}
	return from
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
