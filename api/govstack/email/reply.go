package email

import (
	"encoding/base64"
	"errors"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/replies"
)

// answered is the form of /callback/email.
type answered struct {
	Meta    string `json:"meta"`
	Content []byte `json:"content"` // in base64
}

// EncodeReply writes what somebody has answered as a call of /callback/email has it.
func EncodeReply(l rooms.Letter) ([]byte, error) { return json.Marshal(answeredOf(l)) }

func answeredOf(l rooms.Letter) answered {
	return answered{Meta: l.Subject.Reveal(), Content: []byte(l.Text.Reveal())}
}

// Kept is a reply that waits to be taken.
type Kept struct {
	ID         string `json:"id"`
	RequestUID string `json:"requestUid"`
	answered
	ReceivedAt time.Time `json:"receivedAt"`
}

// KeptList is a page of them; Next is where the one behind begins, empty at the end.
type KeptList struct {
	Replies []Kept `json:"replies"`
	Next    string `json:"next,omitempty"`
}

// ListOf shows replies in the words of the API; next is 0 at the end.
func ListOf(all []replies.Opened, next uint64) KeptList {
	list := KeptList{Replies: []Kept{}}
	if next > 0 {
		list.Next = strconv.FormatUint(next, 10)
	}
	for _, one := range all {
		list.Replies = append(list.Replies, Kept{
			ID: strconv.FormatUint(one.Sequence, 10), RequestUID: string(one.UMID), answered: answeredOf(one.Letter), ReceivedAt: one.HeardAt.UTC(),
		})
	}
	return list
}

// ParseReply reads a call of /callback/email: what somebody has answered to an e-mail.
func ParseReply(body []byte) (rooms.Letter, error) {
	r, l, there := &reader{}, rooms.Letter{}, false
	err := r.document(body, members{
		"meta": r.text(v1.FaultCodeInvalidText, func(s string) error {
			l.Subject = rooms.NewBody(s)
			if f := (rooms.Content{Subject: l.Subject, Text: rooms.NewBody("-")}).Check(""); len(f) > 0 {
				return errors.New(f[0].Detail)
			}
			return nil
		}),
		"content": r.text(v1.FaultCodeInvalidValue, func(s string) error {
			there = true
			plain, err := base64.StdEncoding.Strict().DecodeString(s)
			if err != nil || !utf8.Valid(plain) || len(plain) == 0 {
				return errors.New("text in UTF-8 is expected, in base64 with its padding (RFC 4648 §4)")
			}
			l.Text = rooms.NewBody(string(plain))
			return nil
		}),
	})
	if err != nil {
		return l, err
	}
	if !there && len(r.faults) == 0 {
		_ = r.faultAt("/content", v1.FaultCodeMissing, "this member is needed")
	}
	return l, r.verdict()
}
