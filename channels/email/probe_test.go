package email

import (
	"log/slog"
	"net"
	"testing"

	"github.com/govcrier/crier/channels/email/emailtest"
)

// A relay that takes connections lives; one that refuses them does not.
func TestProbe(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().(*net.TCPAddr).Port
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for port, lives := range map[int]bool{sink.Port: true, nobody: false} {
		p, err := New(Options{Host: "127.0.0.1", Port: port, TLS: TLSNone, From: "office@gov.test"}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if err := p.Probe(t.Context()); (err == nil) != lives {
			t.Errorf("probe of one that lives, %t: %v", lives, err)
		}
	}
}
