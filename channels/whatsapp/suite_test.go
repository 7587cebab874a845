package whatsapp_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/channelstest"
	"github.com/govcrier/crier/channels/channelstest/stub"
	"github.com/govcrier/crier/channels/whatsapp"
	"github.com/govcrier/crier/channels/whatsapp/whatsapptest"
	"github.com/govcrier/crier/rooms"
)

const aida = "+996555000111"

func options(t testing.TB, s *whatsapptest.Server) whatsapp.Options {
	o := whatsapp.Options{
		URL: s.URL, PhoneNumberID: whatsapptest.NumberID, TokenFile: stub.File(t, whatsapptest.Token),
		SecretFile: stub.File(t, whatsapptest.Secret), VerifyFile: stub.File(t, whatsapptest.Verify),
	}
	o.Allow, o.Ports = []string{"127.0.0.0/8"}, []int{0}
	return o
}

// desk knows attempts by tokens, and by provider ids.
type desk struct {
	mu       sync.Mutex
	tokens   map[string]rooms.AttemptID
	answered map[string]rooms.AttemptID
	known    map[string]bool // numbers that something was sent to
	fails    bool            // to find anything
}

func newDesk() *desk {
	return &desk{tokens: map[string]rooms.AttemptID{}, answered: map[string]rooms.AttemptID{}}
}

func (k *desk) sign(d rooms.Delivery) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	token := fmt.Sprintf("t%dx%d", len(k.tokens), d.ID.N)
	k.tokens[token] = rooms.AttemptID{DeliveryID: d.ID, Round: d.Round, Attempt: d.Attempt}
	return token
}

func (k *desk) deps() whatsapp.Deps {
	return whatsapp.Deps{
		Name: "cloud", Log: slog.New(slog.DiscardHandler),
		Open: func(token string) (rooms.AttemptID, error) {
			k.mu.Lock()
			defer k.mu.Unlock()
			if a, ok := k.tokens[token]; ok {
				return a, nil
			}
			return rooms.AttemptID{}, errors.New("not good")
		},
		Room: func(context.Context, rooms.UMID) (rooms.Room, error) {
			if k.mu.Lock(); k.fails {
				defer k.mu.Unlock()
				return "", errors.New("no index")
			}
			k.mu.Unlock()
			return "newborn", nil
		},
		Answered: func(_ context.Context, id string) (rooms.AttemptID, error) {
			k.mu.Lock()
			defer k.mu.Unlock()
			if k.fails {
				return rooms.AttemptID{}, errors.New("no index")
			}
			return k.answered[id], nil
		},
		Known: func(_ context.Context, number rooms.Address) (bool, error) {
			k.mu.Lock()
			defer k.mu.Unlock()
			if k.fails {
				return false, errors.New("no index")
			}
			return k.known[number.Reveal()], nil
		},
	}
}

// cloud makes one that the server calls back.
func cloud(t testing.TB, o whatsapp.Options, k *desk, s *whatsapptest.Server) (c *whatsapp.Cloud, at string) {
	t.Helper()
	c, err := whatsapp.New(o, k.deps())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	front := httptest.NewServer(c.Inlet())
	t.Cleanup(front.Close)
	at = front.URL + "/v1/inlets/cloud/inbound"
	s.CallBack(at, false)
	return c, at
}

func phone(t testing.TB, s string) rooms.Address {
	t.Helper()
	a, err := rooms.ParsePhone(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// signing gives deliveries the token that the bridge would give them.
type signing struct {
	*whatsapp.Cloud
	desk *desk
}

func (s signing) Send(ctx context.Context, d rooms.Delivery) channels.Outcome {
	d.Token = s.desk.sign(d)
	o := s.Cloud.Send(ctx, d)
	if o.ProviderID != "" {
		s.desk.mu.Lock()
		defer s.desk.mu.Unlock()
		s.desk.answered[o.ProviderID] = rooms.AttemptID{DeliveryID: d.ID, Round: d.Round, Attempt: d.Attempt}
	}
	return o
}

// The suite runs with receipts that name their attempt, and with receipts that name the message only.
func TestProviderKeepsTheContract(t *testing.T) {
	for name, mute := range map[string]bool{"by token": false, "by id": true} {
		t.Run(name, func(t *testing.T) {
			s := whatsapptest.New(t)
			channelstest.Run(t, channelstest.Features{
				Channel:  rooms.WhatsApp,
				Accepted: phone(t, aida),
				Provoke: map[channels.Result]rooms.Address{
					channels.Deferred: phone(t, "+996555000101"), channels.Throttled: phone(t, "+996555000102"),
					channels.Rejected: phone(t, "+996555000103"), channels.Suppressed: phone(t, "+996555000104"),
				},
				Silent:          phone(t, "+996555000105"),
				NamesDeliveries: true,
				Receipts: map[rooms.Status]rooms.Address{
					rooms.Delivered: phone(t, aida), rooms.Failed: phone(t, "+996555000108"),
				},
				Wire: func(*testing.T) []byte { return s.Wire() },
			}, func(t *testing.T) channels.Provider {
				k := newDesk()
				c, at := cloud(t, options(t, s), k, s)
				s.CallBack(at, mute)
				return signing{c, k}
			})
		})
	}
}
