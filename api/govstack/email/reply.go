package email

import (
	"encoding/base64"
	"errors"
	"unicode/utf8"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

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
