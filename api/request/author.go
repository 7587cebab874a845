package request

import (
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// ParseAuthor reads whose a policy is to be: {"client":"…"}.
func ParseAuthor(body []byte) (rooms.Client, error) {
	r := newReader(body)
	var to rooms.Client
	err := r.document(func(name string) error {
		if name != "client" {
			return r.unknown()
		}
		return r.checked(v1.FaultCodeInvalidClient, func(s string) (err error) {
			to, err = rooms.ParseClient(s)
			return err
		})
	})
	if err != nil {
		return to, err
	}
	if to == "" && len(r.faults) == 0 {
		_ = r.faultAt("/client", v1.FaultCodeMissing, "this member is needed")
	}
	return to, r.verdict()
}
