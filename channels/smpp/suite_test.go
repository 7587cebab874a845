package smpp_test

import (
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/channelstest"
	"github.com/govcrier/crier/channels/smpp"
	"github.com/govcrier/crier/channels/smpp/pdu"
	"github.com/govcrier/crier/channels/smpp/pdu/smpptest"
	"github.com/govcrier/crier/rooms"
)

// Numbers, and what becomes of messages to them.
const (
	accepted   = "+996555000100"
	deferred   = "+996555000101"
	throttled  = "+996555000102"
	rejected   = "+996555000103"
	silent     = "+996555000104"
	undelivers = "+996555000105"
)

func rules(c *smpptest.Centre) {
	c.On(deferred[1:], smpptest.Rule{Status: pdu.SystemError})
	c.On(throttled[1:], smpptest.Rule{Status: pdu.Throttled})
	c.On(rejected[1:], smpptest.Rule{Status: pdu.InvalidDestination})
	c.On(silent[1:], smpptest.Rule{Silent: true})
	c.On(undelivers[1:], smpptest.Rule{State: "UNDELIV"})
}

func features(t *testing.T) channelstest.Features {
	return channelstest.Features{
		Channel:  rooms.SMS,
		Accepted: phone(t, accepted),
		Provoke: map[channels.Result]rooms.Address{
			channels.Deferred: phone(t, deferred), channels.Throttled: phone(t, throttled), channels.Rejected: phone(t, rejected),
		},
		Silent:          phone(t, silent),
		NamesDeliveries: true,
		Receipts:        map[rooms.Status]rooms.Address{rooms.Delivered: phone(t, accepted), rooms.Failed: phone(t, undelivers)},
	}
}

func TestProviderOverCentre(t *testing.T) {
	for _, bind := range []string{smpp.BindTransceiver, smpp.BindSeparate} {
		t.Run(bind, func(t *testing.T) {
			c := smpptest.Start(t, smpptest.Options{})
			rules(c)
			f := features(t)
			f.Wire = func(*testing.T) []byte { return c.Wire() }
			channelstest.Run(t, f, func(t *testing.T) channels.Provider {
				return provider(t, c, func(o *smpp.Options) { o.Bind, o.Binds, o.Window = bind, 2, 8 })
			})
		})
	}
}

// provider makes one over a centre, with short waits.
func provider(t *testing.T, c *smpptest.Centre, change func(*smpp.Options)) *smpp.Provider {
	t.Helper()
	o := smpp.Options{
		Host: "127.0.0.1", Port: c.Port(), SystemID: "crier", From: "GovCrier", ReconnectMax: 500 * time.Millisecond,
		ResponseTimeout: 5 * time.Second, EnquireTimeout: 2 * time.Second,
	}
	if change != nil {
		change(&o)
	}
	p, err := smpp.New("sms", o, logger(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}
