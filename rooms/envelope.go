package rooms

import (
	"encoding/json"
	"fmt"
)

// Envelope is what a message to named recipients holds before it is sealed.
type Envelope struct {
	Content       []byte // one JSON value, byte for byte as received
	Recipients    []Contact
	TransactionID string
	Reference     string
	Callback      Address // where the sender is told how the message stands; zero: where he always is
	From          Sender
	Audience      Audience // those of the subscribers that it is for; empty: all
	Repeat        Repeat   // of a series, while it is held
}

// Slip is what the log keeps sealed beside a message to all subscribers.
type Slip struct {
	TransactionID string `json:"transactionId"`
	Reference     string `json:"reference,omitempty"`
	// Callback is where the sender is told how the message stands; empty: where he always is.
	Callback string      `json:"callback,omitempty"`
	From     *SenderForm `json:"from,omitempty"` // nil: as the provider says
	// Audience are those of the subscribers that it is for; empty: all.
	Audience Audience `json:"audience,omitempty"`
}

type envelopeForm struct {
	Content    json.RawMessage   `json:"content,omitempty"`
	Recipients []json.RawMessage `json:"recipients"`
	Repeat     json.RawMessage   `json:"repeat,omitempty"`
	Slip
}

// Encode gives the envelope in the clear, to be sealed and for nothing else. The content is
// put in as it is, since an encoder would rewrite it; ErrText if it is not one JSON value.
func (e Envelope) Encode() ([]byte, error) {
	if !json.Valid(e.Content) {
		return nil, fmt.Errorf("%w: a content that is not JSON", ErrText)
	}
	form := envelopeForm{Slip: e.slip(), Repeat: encodeRepeat(e.Repeat)}
	for _, c := range e.Recipients {
		form.Recipients = append(form.Recipients, c.Encode())
	}
	rest, err := json.Marshal(form)
	if err != nil {
		return nil, fmt.Errorf("%w: an envelope that cannot be written", ErrText)
	}
	out := make([]byte, 0, len(e.Content)+len(rest)+12)
	out = append(append(out, `{"content":`...), e.Content...)
	return append(append(out, ','), rest[1:]...), nil
}

// DecodeEnvelope reads what Encode wrote. Errors never repeat the input.
func DecodeEnvelope(b []byte) (Envelope, error) {
	var form envelopeForm
	if json.Unmarshal(b, &form) != nil {
		return Envelope{}, fmt.Errorf("%w: an envelope that cannot be read", ErrText)
	}
	if len(form.Content) == 0 {
		return Envelope{}, fmt.Errorf("%w: an envelope without content", ErrText)
	}
	e := Envelope{Content: form.Content, TransactionID: form.TransactionID, Reference: form.Reference, Audience: form.Audience}
	var err error
	if e.Repeat, err = decodeRepeat(form.Repeat); err != nil {
		return Envelope{}, err
	}
	if form.Callback != "" {
		at, err := ParseURL(form.Callback)
		if err != nil {
			return Envelope{}, err
		}
		e.Callback = at
	}
	if e.From, err = form.From.Sender(); err != nil {
		return Envelope{}, err
	}
	for _, raw := range form.Recipients {
		c, err := DecodeContact(raw)
		if err != nil {
			return Envelope{}, err
		}
		e.Recipients = append(e.Recipients, c)
	}
	return e, nil
}

// Encode gives the slip in the clear, to be sealed and for nothing else.
func (s Slip) Encode() []byte {
	b, err := json.Marshal(s)
	if err != nil {
		return nil // strings always marshal
	}
	return b
}

// DecodeSlip reads what Encode wrote. Errors never repeat the input.
func DecodeSlip(b []byte) (Slip, error) {
	var s Slip
	if json.Unmarshal(b, &s) != nil {
		return Slip{}, fmt.Errorf("%w: a slip that cannot be read", ErrText)
	}
	return s, nil
}
