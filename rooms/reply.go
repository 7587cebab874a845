package rooms

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Reply is what somebody has written, as it is kept until it is taken: ids in the clear, the rest sealed.
type Reply struct {
	ID        string      `json:"id"` // of what was heard
	Kind      InboundKind `json:"kind"`
	Room      Room        `json:"-"`       // stands in the subject; "": nobody knows for whom it is
	Channel   Channel     `json:"channel"` // stands in the subject too where Room does not
	Provider  string      `json:"provider,omitzero"`
	At        time.Time   `json:"at"`                 // when it was written, as the other side says
	HeardAt   time.Time   `json:"heardAt"`            // when it came in
	UMID      UMID        `json:"umid,omitzero"`      // of the message that it answers
	N         int         `json:"n,omitzero"`         // and the recipient of that
	Publisher Client      `json:"publisher,omitzero"` // of that message
	Sealed    []byte      `json:"sealed"`             // a Letter
	Sequence  uint64      `json:"-"`                  // position in INBOUND
}

// Matched says that it is known which message it answers.
func (r Reply) Matched() bool { return r.UMID != "" }

// Letter is the part of a reply that is sealed.
type Letter struct {
	From, To      Address
	Subject, Text Body
}

type letterForm struct {
	From    string `json:"f"`
	To      string `json:"t,omitempty"`
	Subject string `json:"s,omitempty"`
	Text    string `json:"x,omitempty"`
}

// Encode gives the letter in the clear, to be sealed and for nothing else.
func (l Letter) Encode() []byte {
	b, err := json.Marshal(letterForm{l.From.Reveal(), l.To.Reveal(), l.Subject.Reveal(), l.Text.Reveal()})
	if err != nil {
		return nil // strings always marshal
	}
	return b
}

// DecodeLetter reads what Encode wrote. Its errors never repeat the input.
func DecodeLetter(b []byte) (Letter, error) {
	var f letterForm
	if json.Unmarshal(b, &f) != nil {
		return Letter{}, fmt.Errorf("%w: a reply that cannot be read", ErrText)
	}
	return Letter{Address{hide(f.From)}, Address{hide(f.To)}, NewBody(f.Subject), NewBody(f.Text)}, nil
}

// ReplyID is the position of a reply among all, in decimal digits.
type ReplyID string

// ParseReplyID accepts a position from 1.
func ParseReplyID(s string) (ReplyID, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || n == 0 || s[0] == '0' || s[0] == '+' {
		return "", fmt.Errorf("%w: a reply's id is a number", ErrName)
	}
	return ReplyID(s), nil
}

// Sequence is the position.
func (r ReplyID) Sequence() uint64 {
	n, _ := strconv.ParseUint(string(r), 10, 63)
	return n
}

// Bound is what the letter of a reply is sealed to.
func (r Reply) Bound() []string { return []string{"reply", string(r.Room), r.ID} }
