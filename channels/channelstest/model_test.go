package channelstest_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/channelstest"
	"github.com/govcrier/crier/rooms"
)

// model is the smallest provider that keeps the whole contract; break spoils one part of it.
type model struct {
	broken string

	mu       sync.Mutex
	wire     bytes.Buffer
	receipts chan channels.Receipt
}

func newModel(broken string) *model {
	return &model{broken: broken, receipts: make(chan channels.Receipt, 256)}
}

func (m *model) Send(ctx context.Context, d rooms.Delivery) channels.Outcome {
	switch {
	case !d.Content.For(d.To.Channel) && m.broken != "content":
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.NoContent}
	case ctx.Err() != nil && m.broken != "context":
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.TimedOut}
	}
	switch to := d.To.Address.Reveal(); to {
	case "silent@model.test":
		return m.wait(ctx)
	case "deferred@model.test":
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Deferred, After: time.Minute, Code: m.code(to)}
	case "throttled@model.test":
		return channels.Outcome{Result: channels.Throttled, Reason: rooms.Throttled}
	case "rejected@model.test":
		return channels.Outcome{Result: channels.Rejected, Reason: m.reason(), Code: "550"}
	case "suppressed@model.test":
		return channels.Outcome{Result: channels.Suppressed, Reason: rooms.Suppressed}
	}
	return m.take(d)
}

func (m *model) wait(ctx context.Context) channels.Outcome {
	if m.broken == "deadline" {
		ctx = context.Background()
	}
	<-ctx.Done()
	return channels.Outcome{Result: channels.Deferred, Reason: rooms.TimedOut}
}

func (m *model) code(to string) string {
	if m.broken == "leak" {
		return to
	}
	return "451"
}

func (m *model) reason() rooms.Reason {
	if m.broken == "reason" {
		return rooms.Deferred
	}
	return rooms.Rejected
}

func (m *model) take(d rooms.Delivery) channels.Outcome {
	m.mu.Lock()
	defer m.mu.Unlock()
	subject := fmt.Sprintf("%q", d.Content.Subject.Reveal())
	if m.broken == "wire" {
		subject = d.Content.Subject.Reveal()
	}
	m.wire.WriteString(subject)
	m.receipts <- channels.Receipt{
		ID: d.ID, Room: d.Room, Channel: d.To.Channel, Attempt: d.Attempt, Status: rooms.Delivered, At: time.Now(),
	}
	id := fmt.Sprintf("%s-%d", d.ID.UMID, d.ID.N)
	if m.broken == "id" {
		id = fmt.Sprintf("%s-%d", id, d.Attempt)
	}
	return channels.Outcome{Result: channels.Sent, ProviderID: id, Receipt: true}
}

func (m *model) Receipts(ctx context.Context, fn func(context.Context, channels.Receipt) error) error {
	for {
		select {
		case r := <-m.receipts:
			if fn(ctx, r) != nil && m.broken != "receipts" {
				m.receipts <- r
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (m *model) sent(*testing.T) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.wire.Bytes())
}

func run(t *testing.T, m *model) {
	channelstest.Run(t, channelstest.Features{
		Channel:  rooms.Email,
		Accepted: address(t, "accepted"),
		Provoke: map[channels.Result]rooms.Address{
			channels.Deferred:   address(t, "deferred"),
			channels.Throttled:  address(t, "throttled"),
			channels.Rejected:   address(t, "rejected"),
			channels.Suppressed: address(t, "suppressed"),
		},
		Silent:          address(t, "silent"),
		NamesDeliveries: true,
		KeepsNames:      true,
		Receipts:        map[rooms.Status]rooms.Address{rooms.Delivered: address(t, "accepted")},
		Wire:            m.sent,
	}, func(*testing.T) channels.Provider { return m })
}

func address(t *testing.T, local string) rooms.Address {
	t.Helper()
	a, err := rooms.ParseEmail(local + "@model.test")
	if err != nil {
		t.Fatal(err)
	}
	return a
}
