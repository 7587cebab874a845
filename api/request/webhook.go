package request

import (
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// ParseWebhook reads a webhook to be added: {"url":"https://…"}.
func ParseWebhook(body []byte) (rooms.Address, error) {
	r := newReader(body)
	var at rooms.Address
	given := false
	err := r.document(func(name string) error {
		if name != "url" {
			return r.unknown()
		}
		given = true
		return r.checked(v1.FaultCodeInvalidAddress, func(s string) (err error) {
			at, err = rooms.ParseURL(s)
			return err
		})
	})
	if err != nil {
		return at, err
	}
	if !given {
		_ = r.faultAt("/url", v1.FaultCodeMissing, "this member is needed")
	}
	return at, r.verdict()
}
