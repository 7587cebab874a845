package rooms

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// Repeat says at which times a message is sent again and again.
type Repeat struct {
	Cron  string    `json:"cron"` // five fields: minute, hour, day of month, month, day of week
	Zone  string    `json:"zone"` // IANA name, by whose clock on the wall the times are meant
	Until time.Time `json:"until,omitzero"`
}

// IsZero says that nothing is repeated.
func (r Repeat) IsZero() bool { return r == Repeat{} }

// IsSeries says that the message is never sent itself, but one like it at each of its times.
func (h Header) IsSeries() bool { return h.Held && h.Series != "" && h.Series == h.UMID }

// ParseAlert accepts the name of what a message does to an earlier one.
func ParseAlert(s string) (Alert, error) {
	switch a := Alert(s); a {
	case AlertUpdate, AlertCancel:
		return a, nil
	}
	return "", fmt.Errorf("%w: an alert is one of %v", ErrName, []Alert{AlertUpdate, AlertCancel})
}

// Wake is an entry by which a message that waits is looked at, at its time.
type Wake struct {
	UMID     UMID   `json:"umid"`
	Room     Room   `json:"room"`
	Sequence uint64 `json:"seq"` // of the held entry in ROOMS
}

// Sealer seals what the log keeps of a message.
type Sealer interface {
	Seal(plaintext []byte, associated ...string) ([]byte, error)
}

// Unsealer opens it.
type Unsealer interface {
	Unseal(sealed []byte, associated ...string) ([]byte, error)
}

// What an envelope is sealed as.
const (
	purposeSlip     = "slip"
	purposeEnvelope = "envelope"
	purposeHeld     = "held"
	purposeCallback = "callback"
)

// Enclose puts into a message what its envelope holds: for all subscribers, who read it, the content as it is and the
// rest sealed beside it; sealed as a whole while it is held, or for named recipients.
func (m *Message) Enclose(s Sealer, e Envelope) (err error) {
	if !m.Held && !m.Direct {
		m.Payload = e.Content
		m.Sealed, err = s.Seal(e.slip().Encode(), purposeSlip, string(m.Room), string(m.UMID))
		return err
	}
	plain, err := e.Encode()
	if err != nil {
		return err
	}
	if m.Payload, err = s.Seal(plain, m.purpose(), string(m.Room), string(m.UMID)); err != nil || !m.Direct {
		return err
	}
	return m.encloseCallback(s, e.Callback)
}

// encloseCallback puts in by itself where the sender is told, since he is to be told when the body has been erased, too.
func (m *Message) encloseCallback(s Sealer, at Address) error {
	m.CallbackAt = ""
	if at.IsZero() {
		return nil
	}
	sealed, err := s.Seal([]byte(at.Reveal()), purposeCallback, string(m.UMID))
	m.CallbackAt = base64.StdEncoding.EncodeToString(sealed)
	return err
}

// SealedCallback is where the sender of a message is told, sealed as it is stored with callbacks; nil if it is not known, or
// cannot be opened any more.
func (h Header) SealedCallback(u Unsealer) []byte {
	sealed, err := base64.StdEncoding.DecodeString(h.CallbackAt)
	if err != nil || len(sealed) == 0 {
		return nil
	}
	if _, err := u.Unseal(sealed, purposeCallback, string(h.UMID)); err != nil {
		return nil
	}
	return sealed
}

// Open gives the envelope of a message that is held, or for named recipients.
func (m Message) Open(u Unsealer) (Envelope, error) {
	plain, err := u.Unseal(m.Payload, m.purpose(), string(m.Room), string(m.UMID))
	if err != nil {
		return Envelope{}, err
	}
	return DecodeEnvelope(plain)
}

func (m Message) purpose() string {
	if m.Held {
		return purposeHeld
	}
	return purposeEnvelope
}

// slip is what an envelope says beside content and recipients.
func (e Envelope) slip() Slip {
	return Slip{TransactionID: e.TransactionID, Reference: e.Reference, Callback: e.Callback.Reveal(), From: e.From.Form(), Audience: e.Audience}
}

// encodeRepeat writes a rule of repetition; nothing for none.
func encodeRepeat(r Repeat) json.RawMessage {
	if r.IsZero() {
		return nil
	}
	b, err := json.Marshal(r)
	if err != nil {
		return nil // of a year beyond 9999, which the parser refuses
	}
	return b
}

func decodeRepeat(raw json.RawMessage) (r Repeat, err error) {
	if len(raw) == 0 {
		return r, nil
	}
	if json.Unmarshal(raw, &r) != nil {
		return r, fmt.Errorf("%w: a rule of repetition that cannot be read", ErrText)
	}
	return r, nil
}
