package report

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/govcrier/crier/rooms"
)

// Kind says what a mail is.
type Kind string

// What a mail may be.
const (
	Bounced   Kind = "bounced"   // it says that a delivery has failed for good
	Delivered Kind = "delivered" // it says that a delivery has arrived
	Delayed   Kind = "delayed"   // it says that a delivery takes its time
	Complaint Kind = "complaint" // it was reported as unwanted
	Automatic Kind = "automatic" // a machine wrote it
	Stop      Kind = "stop"      // it ends a subscription
	Reply     Kind = "reply"     // anything else
)

// Envelope is from whom and to whom a mail was handed over. Where nobody says it, as in a mailbox, the header has to do.
type Envelope struct {
	From, To string
	Known    bool // an empty From is the null return path
}

// Null says that nobody wants an answer.
func (e Envelope) Null() bool { return e.Known && (e.From == "" || e.From == "<>") }

// Addresses are ours: the local parts of those that stand for an attempt, before + and its token, and the domains.
type Addresses struct {
	Bounce, Reply, Unsubscribe string
	Domains                    []string // empty: any
}

// in says whether an address is in one of our domains.
func (a Addresses) in(one rooms.Address) bool {
	_, domain, _ := strings.Cut(one.Reveal(), "@")
	return slices.ContainsFunc(a.Domains, func(ours string) bool { return strings.EqualFold(ours, domain) })
}

// Mail is what a mail is, and what it says of whom it concerns.
type Mail struct {
	Kind Kind
	// ID is the same whenever the same mail comes to the same address again; nothing can be read from it.
	ID          string
	From, To    rooms.Address // To without a token
	Subject     rooms.Body
	Text        rooms.Body
	Attachments int
	Code        string        // of Bounced, Delivered and Delayed: "550 5.1.1", "5.1.1", or ""
	Reason      rooms.Reason  // of Bounced
	Recipient   rooms.Address // of Bounced: whose mail it was, as the report says; zero if it does not
	// Tokens are signed, if they are ours; IDs are not. The most telling come first.
	Tokens []string
	IDs    []rooms.DeliveryID
}

// Letter is a mail that has been read once, for all its recipients.
type Letter struct {
	root        *part
	subject     string
	text        string // what a person reads first
	attachments int
}

// Read parses a mail.
func Read(raw []byte) *Letter {
	l := &Letter{root: parse(raw)}
	l.subject = bounded(words(l.root.get("subject")), 1000)
	l.text, l.attachments = l.root.reading()
	return l
}

// Sent says what a mail is for one of its recipients.
func (l *Letter) Sent(e Envelope, a Addresses) Mail {
	e = l.envelope(e, a)
	m := Mail{
		Kind: Reply, ID: l.id(e.To), From: address(l.root.get("from")), Subject: rooms.NewBody(l.subject),
		Text: rooms.NewBody(own(l.text)), Attachments: l.attachments, Tokens: tokens(e.To),
	}
	local, base := parts(e.To, a)
	m.To = address(base)
	switch {
	case l.complaint(&m), l.delivery(&m, e):
		return m
	case local != "" && strings.EqualFold(local, a.Unsubscribe) && !e.Null() && !l.autoReplied():
		m.Kind = Stop
	case l.automatic(e):
		m.Kind = Automatic
	}
	h := l.root.header
	m.Tokens = tokens(append([]string{e.To}, h.all("to", "cc", "delivered-to", "x-original-to", "envelope-to")...)...)
	m.IDs = ids(h.all("in-reply-to", "references")...)
	return m
}

// envelope reads the header where nobody says the envelope. Of the addresses that stand there, one of ours is meant.
func (l *Letter) envelope(e Envelope, a Addresses) Envelope {
	if e.Known {
		return e
	}
	h := l.root.header
	if path := h.get("return-path"); path != "" {
		e.From, e.Known = strings.Trim(path, "<> "), true
	}
	var all []rooms.Address
	for _, name := range []string{"x-original-to", "envelope-to", "to", "cc", "delivered-to"} {
		for _, field := range h.all(name) {
			all = append(all, addresses(field)...)
		}
	}
	if len(all) > 0 {
		e.To = all[max(slices.IndexFunc(all, a.in), 0)].Reveal()
	}
	return e
}

// parts gives the local part that stands for attempts, if it is one, and the address without its token.
func parts(to string, a Addresses) (local, base string) {
	name, domain, _ := strings.Cut(to, "@")
	plain, _, plus := strings.Cut(name, "+")
	for _, known := range []string{a.Bounce, a.Reply, a.Unsubscribe} {
		if known != "" && strings.EqualFold(plain, known) {
			return plain, plain + "@" + domain
		}
	}
	if plus && len(tokens(to)) > 0 {
		return "", plain + "@" + domain
	}
	return "", to
}

// reported gives the machine's part of a mail that is a report as a whole (RFC 6522). Such a part elsewhere, as in a mail that
// somebody passes on, says nothing.
func (l *Letter) reported(kind string, media ...string) *part {
	said := l.root.params["report-type"]
	if l.root.media != "multipart/report" || said != "" && !strings.EqualFold(said, kind) {
		return nil
	}
	i := slices.IndexFunc(l.root.parts, func(p *part) bool { return slices.Contains(media, p.media) })
	if i < 0 {
		return nil
	}
	return l.root.parts[i]
}

// complaint reads a report of abuse (RFC 5965).
func (l *Letter) complaint(m *Mail) bool {
	feedback := l.reported("feedback-report", "message/feedback-report")
	if feedback == nil {
		return false
	}
	h := parseHeader(feedback.content())
	m.Kind = Complaint
	if strings.EqualFold(h.get("feedback-type"), "not-spam") {
		m.Kind = Automatic
	}
	l.returned(m, h.all("original-mail-from", "original-envelope-id"))
	return true
}

// delivery reads a report on a delivery. Other reports are of no concern, such as that a mail was read (RFC 8098).
func (l *Letter) delivery(m *Mail, e Envelope) bool {
	var v verdict
	var envelopes []string
	told := false
	media := []string{"message/delivery-status", "message/global-delivery-status"}
	status := l.reported("delivery-status", media...)
	if status == nil && l.fromCarrier(e) { // broken
		status = l.root.find(media...)
	}
	if status != nil {
		v, envelopes, told = deliveryStatus(status)
	}
	if !told {
		v, told = l.bounced(e)
	}
	if !told {
		return false
	}
	m.Kind, m.Code = v.kind, v.code
	if v.kind == Bounced {
		m.Reason, m.Recipient = v.reason, v.to
	}
	l.returned(m, envelopes)
	return true
}

// returned finds whom a report is about: by the address that it came to, what the report says itself, and the mail that it
// gives back.
func (l *Letter) returned(m *Mail, said []string) {
	var back []string
	m.IDs = ids(said...)
	l.root.every(func(p *part) {
		switch p.media {
		case "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers":
			body := string(p.content())
			head, _ := split([]byte(body))
			back = append(back, body)
			m.IDs = append(m.IDs, ids(parseHeader(head).all("message-id")...)...)
		}
	})
	h := l.root.header
	m.IDs = append(m.IDs, ids(append(h.all("in-reply-to", "references"), l.text)...)...)
	m.Tokens = append(m.Tokens, tokens(append(append(said, back...), l.text)...)...)
	m.IDs, m.Tokens = m.IDs[:min(len(m.IDs), maxFound)], m.Tokens[:min(len(m.Tokens), maxFound)]
}

// id is derived from what does not change when a mail comes again: not from what its way has added.
func (l *Letter) id(to string) string {
	h := l.root.header
	sum := sha256.New()
	for _, s := range []string{
		h.get("message-id"), h.get("date"), h.get("from"), h.get("subject"), strings.ToLower(to), string(l.root.body),
	} {
		_ = binary.Write(sum, binary.BigEndian, uint64(len(s)))
		sum.Write([]byte(s))
	}
	return hex.EncodeToString(sum.Sum(nil)[:20])
}
