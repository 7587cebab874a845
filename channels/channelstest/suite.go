package channelstest

import (
	"context"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

// Run holds a provider to its contract. Each part of it gets a provider of its own from
// newProvider, which closes it by t.Cleanup where that is needed.
func Run(t *testing.T, f Features, newProvider func(*testing.T) channels.Provider) {
	t.Helper()
	umid := newUMID()
	first := 0
	for _, part := range []struct {
		name string
		run  func(*suite)
	}{
		{"sends", (*suite).sends},
		{"sends again", (*suite).sendsAgain},
		{"shows each result", (*suite).showsEachResult},
		{"goes on after a refusal", (*suite).goesOn},
		{"rejects what has no content", (*suite).rejectsNoContent},
		{"keeps line breaks off the wire", (*suite).keepsLineBreaksOffTheWire},
		{"sends nothing once its context has ended", (*suite).heedsEndedContext},
		{"returns by its deadline", (*suite).returnsByDeadline},
		{"returns when cancelled", (*suite).returnsWhenCancelled},
		{"serves a crowd", (*suite).servesCrowd},
		{"brings receipts", (*suite).bringsReceipts},
	} {
		t.Run(part.name, func(t *testing.T) {
			part.run(&suite{T: t, Features: f, provider: newProvider(t), made: deliveries{umid: umid, n: first}})
		})
		first += crowd * 2 // no part makes as many deliveries, so no id comes twice
	}
}

// suite is one part of the contract being tested.
type suite struct {
	*testing.T
	Features
	provider channels.Provider
	made     deliveries
}

// delivery makes a new one to a contact.
func (s *suite) delivery(to rooms.Address) rooms.Delivery { return s.made.next(s.Channel, to) }

// send sends a delivery, again if there is no room for it, and checks what holds of every outcome.
func (s *suite) send(ctx context.Context, d rooms.Delivery) channels.Outcome {
	s.Helper()
	o := s.provider.Send(ctx, d)
	for o.Result == channels.NoRoom && ctx.Err() == nil {
		<-time.After(10 * time.Millisecond)
		o = s.provider.Send(ctx, d)
	}
	for _, fault := range Faults(d, o) {
		s.Errorf("outcome %+v: %s", o, fault)
	}
	return o
}

// expect sends a delivery and wants a result.
func (s *suite) expect(want channels.Result, d rooms.Delivery) channels.Outcome {
	s.Helper()
	o := s.send(s.Context(), d)
	if o.Result != want {
		s.Fatalf("outcome %+v, want it %s", o, want)
	}
	return o
}
