package smpp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/smpp"
	"github.com/govcrier/crier/channels/smpp/pdu"
	"github.com/govcrier/crier/channels/smpp/pdu/smpptest"
	"github.com/govcrier/crier/rooms"
)

// unreachable is the outcome where there is no bind.
func unreachable() channels.Outcome {
	return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unreachable}
}

// turns sends until the outcome is the one that is wanted.
func turns(t *testing.T, p channels.Provider, want channels.Result) {
	t.Helper()
	var n numbers
	eventually(t, func() string {
		if o := send(t, p, n.delivery(t, accepted, "hello")); o.Result != want {
			return fmt.Sprintf("outcome %+v, want it %s", o, want)
		}
		return ""
	})
}

func TestBindsComeBack(t *testing.T) {
	for name, cut := range map[string]func(*smpptest.Centre){
		"cut":     (*smpptest.Centre).Drop,
		"unbound": (*smpptest.Centre).Unbind,
	} {
		t.Run(name, func(t *testing.T) {
			c := smpptest.Start(t, smpptest.Options{Quiet: true})
			p := provider(t, c, func(o *smpp.Options) { o.Bind, o.Binds = smpp.BindSeparate, 2 })
			whole := func() string {
				kinds := c.Bound()
				slices.Sort(kinds)
				want := []pdu.Command{pdu.BindReceiver, pdu.BindReceiver, pdu.BindTransmitter, pdu.BindTransmitter}
				if !slices.Equal(kinds, want) {
					return fmt.Sprintf("binds %v, want %v", kinds, want)
				}
				return ""
			}
			eventually(t, whole)
			var n numbers
			sent(t, p, n.delivery(t, accepted, "before"))
			cut(c)
			turns(t, p, channels.Sent)
			eventually(t, whole)
		})
	}
}

func TestNoBind(t *testing.T) {
	c := smpptest.Start(t, smpptest.Options{Quiet: true})
	c.RefuseBinds(pdu.BindFailed)
	p := provider(t, c, nil)
	var n numbers
	if o := send(t, p, n.delivery(t, accepted, "hello")); o != unreachable() {
		t.Errorf("outcome %+v, want %+v", o, unreachable())
	}
	c.RefuseBinds(pdu.OK)
	turns(t, p, channels.Sent)
}

// A centre that says nothing any more, over a connection that stands, is given up.
func TestHalfOpenConnection(t *testing.T) {
	c := smpptest.Start(t, smpptest.Options{Quiet: true})
	p := provider(t, c, func(o *smpp.Options) {
		o.EnquireLink, o.EnquireTimeout, o.ConnectTimeout = 100*time.Millisecond, 100*time.Millisecond, 200*time.Millisecond
	})
	var n numbers
	sent(t, p, n.delivery(t, accepted, "hello"))
	c.Freeze(true)
	d := n.delivery(t, accepted, "hello")
	if o := send(t, p, d); o.Reason != rooms.Unknown {
		t.Errorf("outcome %+v, want it unknown: the centre may have it", o)
	}
	eventually(t, func() string {
		if o := send(t, p, d); o != unreachable() {
			return fmt.Sprintf("outcome %+v, want %+v", o, unreachable())
		}
		return ""
	})
	c.Freeze(false)
	turns(t, p, channels.Sent)
}

func TestCloseUnbinds(t *testing.T) {
	c := smpptest.Start(t, smpptest.Options{Quiet: true, Delay: 50 * time.Millisecond})
	p := provider(t, c, func(o *smpp.Options) { o.Binds = 2 })
	var n numbers
	d := n.delivery(t, accepted, "hello")
	out := make(chan channels.Outcome, 1)
	go func() { out <- p.Send(t.Context(), d) }()
	eventually(t, func() string {
		if len(c.Submitted()) == 0 || len(c.Bound()) < 2 {
			return "not under way"
		}
		return ""
	})
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if o := <-out; o.Result != channels.Sent {
		t.Errorf("outcome %+v of what was under way, want it sent", o)
	}
	if o := send(t, p, d); o != unreachable() {
		t.Errorf("outcome %+v afterwards, want %+v", o, unreachable())
	}
	if c.Unbinds() != 2 {
		t.Errorf("%d unbinds, want 2", c.Unbinds())
	}
}

func TestPasswordFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("s3cret\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	o := smpp.Options{Host: "127.0.0.1", Port: 1, SystemID: "crier", PasswordFile: file}
	if p, err := smpp.New("sms", o, logger(t)); err == nil {
		_ = p.Close()
		t.Error("a password that all can read was accepted")
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	c := smpptest.Start(t, smpptest.Options{Quiet: true, Password: "s3cret"})
	p := provider(t, c, func(o *smpp.Options) { o.PasswordFile = file })
	turns(t, p, channels.Sent)
	wrong := provider(t, c, func(o *smpp.Options) { o.Password = rooms.NewSecret("other") })
	turns(t, wrong, channels.Deferred)
}

func TestOptionsNameTheirFaults(t *testing.T) {
	if faults := (smpp.Options{Host: "smsc", SystemID: "crier"}).Check(); len(faults) > 0 {
		t.Errorf("faults of the smallest options: %v", faults)
	}
	bad := smpp.Options{
		Host: "a b", Port: 70000, TLS: "maybe", SystemID: "sixteen letters.", SystemType: "thirteen let.", ServiceType: "sixsix",
		Bind: "x", Binds: 65, Window: -1, From: "much too long a name", CountryCode: "0x", Alphabet: "x", LongMessages: "x", Validity: "x",
		ReceiptIDs: "x", Addressing: smpp.Addressing{Destination: "9/1"}, EnquireLink: -1, PasswordFile: "x", Password: rooms.NewSecret("y"),
	}
	if faults := bad.Check(); len(faults) != 18 {
		t.Errorf("%d faults, want 18: %v", len(faults), faults)
	}
}
