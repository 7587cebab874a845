package smpp_test

import (
	"testing"

	"github.com/govcrier/crier/channels/smpp"
	"github.com/govcrier/crier/channels/smpp/pdu"
	"github.com/govcrier/crier/channels/smpp/pdu/smpptest"
)

// It is ready as long as a bind stands, and again when one comes back.
func TestReady(t *testing.T) {
	c := smpptest.Start(t, smpptest.Options{Quiet: true})
	p := provider(t, c, func(o *smpp.Options) { o.Bind, o.Binds = smpp.BindSeparate, 1 })
	is := func(ready bool) {
		t.Helper()
		eventually(t, func() string {
			if err := p.Ready(); (err == nil) != ready {
				return "ready: " + text(err)
			}
			return ""
		})
	}
	is(true)
	c.RefuseBinds(pdu.Status(0x0D))
	c.Drop()
	is(false)
	c.RefuseBinds(0)
	is(true)
}

func text(err error) string {
	if err == nil {
		return "yes"
	}
	return err.Error()
}
