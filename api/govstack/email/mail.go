package email

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// Mail is what a call asks to send.
type Mail struct {
	Callback   rooms.Address // where the sender is told what becomes of it; zero: where it always is
	From       rooms.Sender
	Recipients []rooms.Contact // each of them one e-mail
	Content    []byte          // as crier's own calls have it
	Lane       rooms.Lane

	organisation, onBehalf claim
}

// claim is what a call says of an organisation.
type claim struct{ name, number string }

// ParseSingle reads a call of /send/email/single; one that names its recipients as a batch does is taken too, of at most so
// many people, copies among them.
func ParseSingle(body []byte, most int) (Mail, error) {
	return parseMail(body, rooms.Normal, "/recipientInfo/email", most)
}

// ParseBatch reads a call of /send/email/batch, of at most so many people, copies among them; one that names its recipient as a single e-mail
// does is taken too.
func ParseBatch(body []byte, most int) (Mail, error) {
	return parseMail(body, rooms.Bulk, batchPointer, most)
}

// parseMail reads either form: clients, GovStack's own tests among them, send both to either path. needed is where something
// is missing if nobody is named.
func parseMail(body []byte, lane rooms.Lane, needed string, most int) (Mail, error) {
	p := &parser{}
	p.m.Lane = lane
	one, packed := p.person(), false
	info := one.members()
	entries := p.text(v1.FaultCodeInvalidValue, func(s string) error {
		p.entries(s, most)
		return nil
	})
	info["batchEmailAsBase64"] = func() error {
		packed = true
		return entries()
	}
	return p.parse(body, info, func() {
		switch {
		case packed && one.named():
			_ = p.faultAt(batchPointer, v1.FaultCodeInvalidValue, "either this or one recipient")
		case packed, one.wrong, !p.hasTo:
		case !one.named() && len(p.faults) == 0:
			_ = p.faultAt(needed, v1.FaultCodeMissing, "this member is needed")
		default:
			p.add(one, "/recipientInfo")
		}
	})
}

// parser reads one call to send.
type parser struct {
	reader
	m        Mail
	called   bool // where the sender is told has been read
	said     rooms.Content
	notUTF8  bool
	hasTo    bool
	hasWords bool
}

func (p *parser) parse(body []byte, recipients members, finish func()) (Mail, error) {
	err := p.document(body, members{
		"callback":    p.callback,
		"callbackURI": p.callback,
		"senderInfo":  func() error { return p.object(p.sender()) },
		"recipientInfo": func() error {
			p.hasTo = true
			return p.object(recipients)
		},
		"emailContent": func() error {
			p.hasWords = true
			return p.object(p.words())
		},
	})
	if err != nil {
		return Mail{}, err
	}
	if len(p.faults) < maxFaults {
		finish()
		p.complete()
	}
	if err := p.verdict(); err != nil {
		return Mail{}, err
	}
	p.m.Content, err = json.Marshal(v1.Text{Subject: p.said.Subject.Reveal(), Text: p.said.Text.Reveal()})
	return p.m, err
}

// complete notes what is missing, and what is wrong with the content as a whole.
func (p *parser) complete() {
	if !p.hasTo {
		_ = p.faultAt("/recipientInfo", v1.FaultCodeMissing, "this member is needed")
	}
	if !p.hasWords {
		_ = p.faultAt("/emailContent", v1.FaultCodeMissing, "this member is needed")
	}
	if !p.hasWords || len(p.faults) > 0 {
		return
	}
	if p.notUTF8 && strings.ContainsFunc(p.said.Subject.Reveal()+p.said.Text.Reveal(), func(r rune) bool { return r > 0x7f }) {
		_ = p.faultAt("/emailContent/encoding", v1.FaultCodeInvalidValue, "the content has other characters")
	}
	for _, f := range p.said.Check("") {
		at := map[string]string{"/subject": "/emailContent/title"}[f.Pointer]
		if at == "" {
			at = "/emailContent/content"
		}
		_ = p.faultAt(at, v1.FaultCode(f.Code), f.Detail)
	}
}

// callback reads {"URI":"…"}, or the URI alone.
func (p *parser) callback() error {
	if p.called {
		return errors.Join(p.fault(v1.FaultCodeDuplicateEntry, "either callback or callbackURI"), p.skip())
	}
	p.called = true
	uri := p.text(v1.FaultCodeInvalidAddress, func(s string) (err error) {
		if s != "" {
			p.m.Callback, err = rooms.ParseURL(s)
		}
		return err
	})
	if p.dec.PeekKind() == '"' {
		return uri()
	}
	return p.object(members{"URI": uri})
}

func (p *parser) sender() members {
	line := func(to *string) func() error {
		return p.text(v1.FaultCodeInvalidText, func(s string) error {
			*to = s
			_, err := rooms.ParsePersonName(s)
			return err
		})
	}
	email := func(to *rooms.Address) func() error {
		return p.text(v1.FaultCodeInvalidAddress, func(s string) (err error) {
			if s != "" {
				*to, err = rooms.ParseEmail(s)
			}
			return err
		})
	}
	return members{
		"organisationName": line(&p.m.organisation.name), "organisationRegNr": line(&p.m.organisation.number),
		"onBehalfOfName": line(&p.m.onBehalf.name), "onBehalfOfRegNr": line(&p.m.onBehalf.number),
		"email": email(&p.m.From.Email), "replyTo": email(&p.m.From.ReplyTo),
		"name": p.text(v1.FaultCodeInvalidText, func(s string) (err error) {
			if strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }) {
				return errors.New("characters that turn the direction of what is shown are not allowed here")
			}
			p.m.From.Name, err = rooms.ParsePersonName(s)
			return err
		}),
	}
}

func (p *parser) words() members {
	body := func(to *rooms.Body) func() error {
		return p.text(v1.FaultCodeInvalidText, func(s string) error {
			*to = rooms.NewBody(s)
			return nil
		})
	}
	return members{
		"title": body(&p.said.Subject), "content": body(&p.said.Text),
		"encoding": p.text(v1.FaultCodeInvalidValue, func(s string) error {
			switch strings.ToLower(s) {
			case "", "utf-8", "utf8":
			case "us-ascii", "ascii":
				p.notUTF8 = true
			default:
				return fmt.Errorf("UTF-8, in which all is sent, or US-ASCII")
			}
			return nil
		}),
	}
}

// Foreign is what the call says of organisations and numbers that are not those of the registration.
func (m Mail) Foreign(r rooms.Registration) (faults []rooms.Fault) {
	for _, one := range []struct {
		member, said, detail string
		own                  func(string) bool
	}{
		{"organisationName", m.organisation.name, "not a name that is registered for the client", r.IsNamed},
		{"organisationRegNr", m.organisation.number, "not the number that is registered for the client", r.IsNumbered},
		{"onBehalfOfName", m.onBehalf.name, "not a name that is registered for the client", r.IsNamed},
		{"onBehalfOfRegNr", m.onBehalf.number, "not the number that is registered for the client", r.IsNumbered},
	} {
		if one.said != "" && !one.own(one.said) {
			faults = append(faults, rooms.Fault{Pointer: "/senderInfo/" + one.member, Code: string(v1.FaultCodeInvalidValue), Detail: one.detail})
		}
	}
	return faults
}
