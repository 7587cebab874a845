package email

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/rooms"
)

// A connection that has waited for more than a moment is asked whether it is there before a
// message is begun on it.
func TestHealthCheck(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	p, err := New(Options{Host: sink.Host, Port: sink.Port, TLS: TLSNone, From: "office@gov.test"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	to, err := rooms.ParseEmail("citizen@people.test")
	if err != nil {
		t.Fatal(err)
	}
	for n, step := range []struct {
		what  string
		do    func()
		noops int // so far
		made  int // connections so far
	}{
		{"first", func() {}, 0, 1},
		{"at once", func() {}, 0, 1},
		{"later", func() { age(p) }, 1, 1},
		{"later, after a restart of the relay", func() { age(p); sink.Cut() }, 1, 2},
	} {
		step.do()
		o := p.Send(context.Background(), rooms.Delivery{
			ID:      rooms.DeliveryID{UMID: "01K9ZZZZZZABCDEFGHJKMNPQRS", N: n},
			To:      rooms.Contact{Channel: rooms.Email, Address: to},
			Content: rooms.Content{Text: rooms.NewBody("text")},
		})
		made, _ := sink.Connections()
		noops := bytes.Count(sink.Wire(), []byte("NOOP\r\n"))
		if o.Result != channels.Sent || noops != step.noops || made != step.made {
			t.Errorf("%s: outcome %+v, %d NOOP so far over %d connections; want it sent, %d, %d",
				step.what, o, noops, made, step.noops, step.made)
		}
	}
}

// age makes the waiting connections seem to have waited.
func age(p *Provider) {
	p.pool.mu.Lock()
	defer p.pool.mu.Unlock()
	for _, s := range p.pool.idle {
		s.idleSince = s.idleSince.Add(-time.Minute)
	}
}
