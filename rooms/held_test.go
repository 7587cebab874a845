package rooms_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// glass seals so that one can see what it is bound to.
type glass struct{}

func (glass) Seal(plain []byte, to ...string) ([]byte, error) {
	return append([]byte(strings.Join(to, " ")+"\n"), plain...), nil
}

func (glass) Unseal(sealed []byte, to ...string) ([]byte, error) {
	bound, plain, _ := bytes.Cut(sealed, []byte("\n"))
	if string(bound) != strings.Join(to, " ") {
		return nil, errors.New("sealed to something else")
	}
	return plain, nil
}

func TestEnclosedMessageOpens(t *testing.T) {
	content := []byte("{ \"text\" :\t1 }")
	e := rooms.Envelope{Content: content, TransactionID: "t", Reference: "r",
		Repeat: rooms.Repeat{Cron: "0 9 * * 1", Zone: "UTC", Until: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}}
	m := rooms.Message{Header: rooms.Header{UMID: "u", Room: "r", Held: true}}
	if err := m.Enclose(glass{}, e); err != nil {
		t.Fatal(err)
	}
	back, err := m.Open(glass{})
	if err != nil || !bytes.Equal(back.Content, content) || back.Repeat != e.Repeat || back.TransactionID != "t" || back.Reference != "r" {
		t.Errorf("came back as %+v, %v", back.Repeat, err)
	}
	if !bytes.HasPrefix(m.Payload, []byte("held r u\n")) || m.Sealed != nil {
		t.Errorf("sealed as %.20q, %q", m.Payload, m.Sealed)
	}
	m.Held = false
	if _, err := m.Open(glass{}); err == nil {
		t.Error("what was held opens as what has gone")
	}
	if err := m.Enclose(glass{}, e); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(m.Payload, content) || !bytes.HasPrefix(m.Sealed, []byte("slip r u\n{")) {
		t.Errorf("for all: %q, %q", m.Payload, m.Sealed)
	}
}

// Where the sender is told stands beside a message to named recipients, bound to it; of one to all nothing does, for they read it.
func TestCallbackOutlivesTheBody(t *testing.T) {
	at, err := rooms.ParseURL("https://app.example/own")
	if err != nil {
		t.Fatal(err)
	}
	e := rooms.Envelope{Content: []byte(`{}`), Callback: at}
	m := rooms.Message{Header: rooms.Header{UMID: "u", Room: "r", Direct: true}}
	if err := m.Enclose(glass{}, e); err != nil {
		t.Fatal(err)
	}
	m.Payload = nil
	if got := string(m.SealedCallback(glass{})); got != "callback u\nhttps://app.example/own" {
		t.Errorf("%q", got)
	}
	if m.UMID = "v"; m.SealedCallback(glass{}) != nil {
		t.Error("it opens as another message's")
	}
	for _, h := range []rooms.Header{{UMID: "u", Room: "r"}, {UMID: "u", Room: "r", Direct: true, CallbackAt: "old"}} {
		if e.Callback = at; h.Direct {
			e.Callback = rooms.Address{}
		}
		m := rooms.Message{Header: h}
		if err := m.Enclose(glass{}, e); err != nil || m.CallbackAt != "" || m.SealedCallback(glass{}) != nil {
			t.Errorf("%+v: %v", m.Header, err)
		}
	}
}

func TestAlertsAreTwo(t *testing.T) {
	for s, good := range map[string]bool{"update": true, "cancel": true, "": false, "Update": false, "ack": false} {
		if a, err := rooms.ParseAlert(s); (err == nil) != good || good && string(a) != s {
			t.Errorf("%q: %q, %v", s, a, err)
		}
	}
}

func TestOnlyTheSeriesIsOne(t *testing.T) {
	for _, c := range []struct {
		h    rooms.Header
		want bool
	}{
		{rooms.Header{UMID: "u", Series: "u", Held: true}, true}, {rooms.Header{UMID: "v", Series: "u"}, false},
		{rooms.Header{UMID: "u", Held: true}, false}, {rooms.Header{}, false},
	} {
		if c.h.IsSeries() != c.want {
			t.Errorf("%+v", c.h)
		}
	}
}
