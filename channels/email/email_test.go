package email_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/email"
	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/rooms"
)

const umid rooms.UMID = "01K9ZZZZZZABCDEFGHJKMNPQRS"

// options are those for a server on loopback, without TLS unless a test asks for it.
func options(host string, port int) email.Options {
	return email.Options{Host: host, Port: port, TLS: email.TLSNone, From: "office@gov.test", FromName: "Бюро регистрации"}
}

func to(sink *emailtest.Sink) email.Options { return options(sink.Host, sink.Port) }

func provider(t *testing.T, o email.Options) *email.Provider {
	t.Helper()
	p, _ := logged(t, o)
	return p
}

// logged is provider, with what it logs.
func logged(t *testing.T, o email.Options) (*email.Provider, *journal) {
	t.Helper()
	var j journal
	p, err := email.New(o, slog.New(slog.NewTextHandler(&j, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p, &j
}

type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func address(t testing.TB, s string) rooms.Address {
	t.Helper()
	a, err := rooms.ParseEmail(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func delivery(t testing.TB, n int, to string) rooms.Delivery {
	t.Helper()
	return rooms.Delivery{
		ID:      rooms.DeliveryID{UMID: umid, N: n},
		Attempt: 1,
		Room:    "newborn",
		Type:    "reminder",
		Lane:    rooms.Normal,
		To:      rooms.Contact{Channel: rooms.Email, Address: address(t, to), Name: rooms.NewBody("Айзада Усенова")},
		Content: rooms.Content{
			Subject: rooms.NewBody("Vaccination — прививка"),
			Text:    rooms.NewBody("Dear parent,\n.\nthe appointment is on Monday. Приходите!\n"),
			HTML:    rooms.NewBody("<p>Dear parent, the appointment is on <b>Monday</b>.</p>"),
		},
		ReceivedAt: umid.Time(),
		Deadline:   time.Now().Add(time.Hour),
	}
}

func send(t *testing.T, p channels.Provider, d rooms.Delivery) channels.Outcome {
	t.Helper()
	return p.Send(context.Background(), d)
}

func mustSend(t *testing.T, p channels.Provider, d rooms.Delivery) channels.Outcome {
	t.Helper()
	o := send(t, p, d)
	if o.Result != channels.Sent {
		t.Fatalf("outcome %+v, want it sent", o)
	}
	return o
}

// eventually waits until check finds nothing wrong any more.
func eventually(t *testing.T, check func() string) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		wrong := check()
		if wrong == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(wrong)
		}
		<-time.After(5 * time.Millisecond)
	}
}
