package smpp_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

func phone(t *testing.T, s string) rooms.Address {
	t.Helper()
	a, err := rooms.ParsePhone(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func logger(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

// numbers counts deliveries, so that no two have the same name.
type numbers struct{ n atomic.Int64 }

func (n *numbers) delivery(t *testing.T, to, text string) rooms.Delivery {
	t.Helper()
	return rooms.Delivery{
		ID:      rooms.DeliveryID{UMID: "01KAPX5Z0R8Q3V7W2M4N6P8S9T", N: int(n.n.Add(1))},
		Attempt: 1, Room: "newborn", Type: "reminder", Lane: rooms.Normal,
		To: rooms.Contact{Channel: rooms.SMS, Address: phone(t, to)}, Content: rooms.Content{Text: rooms.NewBody(text)},
		ReceivedAt: time.Now(), Deadline: time.Now().Add(time.Hour),
	}
}

// send sends within a while.
func send(t *testing.T, p channels.Provider, d rooms.Delivery) channels.Outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return p.Send(ctx, d)
}

func sent(t *testing.T, p channels.Provider, d rooms.Delivery) channels.Outcome {
	t.Helper()
	o := send(t, p, d)
	if o.Result != channels.Sent {
		t.Fatalf("outcome %+v, want it sent", o)
	}
	return o
}

// eventually polls a condition that says why it does not hold yet; "" if it does.
func eventually(t *testing.T, condition func() string) {
	t.Helper()
	last := ""
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if last = condition(); last == "" {
			return
		}
	}
	t.Fatal(last)
}
