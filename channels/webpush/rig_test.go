package webpush_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/channels/webpush"
	"github.com/govcrier/crier/channels/webpush/webpushtest"
	"github.com/govcrier/crier/rooms"
)

// keyFile holds a new key.
func keyFile(t *testing.T) string {
	t.Helper()
	k, err := webpush.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	text, err := k.Private()
	if err != nil {
		t.Fatal(err)
	}
	return file(t, text+"\n")
}

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "vapid.key")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func options(t *testing.T, s *webpushtest.Service) webpush.Options {
	return webpush.Options{
		KeyFile: keyFile(t), Contact: "mailto:ops@gov.test",
		Options: outbound.Options{Allow: []string{"127.0.0.0/8"}, Ports: []int{outbound.AnyPort}, CAFile: s.Authority(t)},
	}
}

func provider(t *testing.T, o webpush.Options, log slog.Handler) *webpush.Provider {
	t.Helper()
	p, err := webpush.New(o, slog.New(log), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// address is that of a browser with a subscription at a path.
func address(t *testing.T, s *webpushtest.Service, path string) rooms.Address {
	t.Helper()
	a, err := rooms.ParsePushSubscription(s.Subscribe(t, path).Subscription())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func delivery(to rooms.Address) rooms.Delivery {
	return rooms.Delivery{
		ID: rooms.DeliveryID{UMID: "01JDB6T0G00000000000000001", N: 7}, Attempt: 1, Room: "newborn", Type: "reminder", Lane: rooms.Normal,
		To: rooms.Contact{Channel: rooms.WebPush, Address: to}, Content: rooms.Content{Text: rooms.NewBody("Canarytext")},
		Deadline: time.Now().Add(time.Hour),
	}
}
