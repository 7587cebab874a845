package stream

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

// That a question has ended may be said after it was withdrawn. That is no message, and no error.
func TestLateEndOfAQuestionIsNoError(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	l, _ := openWith(t, Options{Log: slog.New(slog.NewTextHandler(&logged, nil))})
	nc := l.apps.Conn()
	sub, err := nc.SubscribeSync(nc.NewInbox())
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.PublishMsg(&nats.Msg{Subject: sub.Subject, Header: nats.Header{"Status": {"408"}}}); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if waiting, _, err := sub.Pending(); waiting != 1 || err != nil {
		t.Fatalf("%d, %v", waiting, err)
	}
	l.withdraw(rooms.ConsumerID{Room: "newborn", Owner: rooms.OwnerOf("clinic-4"), Name: "a"}, sub)
	if strings.Contains(logged.String(), "consumer") {
		t.Errorf("%s", logged.String())
	}
}
