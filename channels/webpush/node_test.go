package webpush_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"os/exec"
	"testing"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/webpush/webpushtest"
	"github.com/govcrier/crier/rooms"
)

// Another implementation opens what was sent and verifies who has signed it: Node.js, by nothing but its own library.
func TestNodeOpensIt(t *testing.T) {
	s := webpushtest.New(t)
	p := provider(t, options(t, s), slog.DiscardHandler)
	b := s.Subscribe(t, "/p/1")
	to, err := rooms.ParsePushSubscription(b.Subscription())
	if err != nil {
		t.Fatal(err)
	}
	d := delivery(to)
	d.Content.Text = rooms.NewBody("Отставить «панику» \U0001F4A7")
	if o := p.Send(t.Context(), d); o.Result != channels.Sent {
		t.Fatalf("%+v", o)
	}
	push, raw := s.Pushes()[0], base64.RawURLEncoding.EncodeToString
	in, err := json.Marshal(map[string]string{
		"private": raw(b.Private.Bytes()), "auth": raw(b.Auth), "body": raw(push.Body), "authorization": push.Header.Get("Authorization"),
	})
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("node", "../../deploy/testpeers/webpush.mjs")
	c.Stdin, c.Stderr = bytes.NewReader(in), t.Output()
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Text   string
		Claims struct{ Aud, Sub string }
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if got.Text != push.Text || got.Claims.Aud != s.URL || got.Claims.Sub != "mailto:ops@gov.test" {
		t.Errorf("Node.js reads %s", out)
	}
}
