package callback

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/replies"
	"github.com/govcrier/crier/rooms/stream"
)

func TestReplyIsToldByItsIDs(t *testing.T) {
	w := world{answer: outbound.Answer{Status: 503}, message: index.ErrUnknown}
	c := Caller{
		Clients: &w, Index: &w, Vault: &w, Calls: &w, Policy: rooms.Policy{Retry: []time.Duration{time.Hour}},
		Metrics: metrics.NewSet(), Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	}
	call := stream.Callback{Attempt: 1, Callback: rooms.Callback{UMID: umid, Room: "newborn", Publisher: "hosp-7", Reply: 17}}
	if result, wait := c.tell(t.Context(), call); result != "deferred" || wait != time.Hour || len(w.posted) != 1 {
		t.Fatalf("%s, %s, %d calls", result, wait, len(w.posted))
	}
	p := w.posted[0]
	for _, want := range []string{`"type":"org.crier.message.replied"`, `"source":"/rooms/newborn"`, `"subject":"` + umid + `"`, `"reply":"17"`, `"id":"` + umid + `-reply-17"`} {
		if !strings.Contains(string(p.Body), want) {
			t.Errorf("%s lacks %s", p.Body, want)
		}
	}
	if p.ID != umid+"-reply-17" || p.To.Reveal() != "https://usual.example/" || len(p.Signing) != 1 {
		t.Errorf("%s", p.ID)
	}
}

// said is what is said of a reply.
type said struct {
	body []byte
	err  error
}

func (s said) Letter(context.Context, rooms.Callback) ([]byte, error) { return s.body, s.err }

// What a reply says goes where its message has named, and nowhere else; without it, ids do.
func TestReplyIsToldAsAWhole(t *testing.T) {
	own := []byte("https://own.example/")
	for name, tc := range map[string]struct {
		letters Letters
		to      []byte
		result  string
		at      string
		whole   bool
	}{
		"whole":           {said{body: []byte(`{"meta":"m"}`)}, own, "told", "https://own.example/", true},
		"by ids":          {said{}, own, "told", "https://own.example/", false},
		"nobody says":     {nil, own, "told", "https://own.example/", false},
		"none was named":  {said{body: []byte(`{"meta":"m"}`)}, nil, "told", "https://usual.example/", false},
		"taken meanwhile": {said{err: replies.ErrUnknown}, own, "unknown", "", false},
		"not to be read":  {said{err: errTest}, own, "postponed", "", false},
	} {
		w := world{answer: outbound.Answer{Status: 200}}
		c := Caller{Clients: &w, Index: &w, Vault: &w, Calls: &w, Letters: tc.letters, Logger: slog.New(slog.DiscardHandler), Now: time.Now}
		call := stream.Callback{Attempt: 1, Callback: rooms.Callback{UMID: umid, Room: "newborn", Publisher: "hosp-7", Reply: 17, To: tc.to}}
		if result, _ := c.tell(t.Context(), call); result != tc.result || len(w.posted) != len(tc.at)/max(len(tc.at), 1) {
			t.Errorf("%s: %s, %d calls", name, result, len(w.posted))
			continue
		}
		for _, p := range w.posted {
			whole := p.Kind == "application/json" && string(p.Body) == `{"meta":"m"}` && fmt.Sprint(p.Header) == "map[requestUid:["+umid+"]]"
			if p.To.Reveal() != tc.at || whole != tc.whole || p.ID != umid+"-reply-17" || len(p.Signing) != 1 || !tc.whole && p.Kind != outbound.CloudEvents {
				t.Errorf("%s: %+v", name, p)
			}
		}
	}
}

// Of a client that has a secret alone nothing is stored but of messages that say where it is told.
func TestClientWithoutACallbackCostsNothing(t *testing.T) {
	l := &ledger{clients: []stream.ClientEntry{{Client: "of 1", Nowhere: true}, {Client: "of 3", Nowhere: true}}}
	c := Collector{Log: bodies{l}, Queue: l, Index: l, Vault: l, Logger: slog.New(slog.DiscardHandler)}
	calls, err := c.wanted(t.Context(), map[rooms.UMID]uint64{of(1): 1, of(3): 3}, 3)
	if err != nil || len(calls) != 1 || calls[0].Publisher != "of 3" {
		t.Errorf("%+v, %v", calls, err)
	}
	for _, n := range []int{1, 3} {
		want := n / 3
		r := rooms.Reply{UMID: of(n), Room: "newborn", Publisher: rooms.Client(fmt.Sprintf("of %d", n)), Sequence: 17}
		if err := c.Replied(t.Context(), r); err != nil || len(l.stored) != want {
			t.Errorf("reply %d: stored %q, %v", n, l.stored, err)
		}
	}
}

// erased is a log whose bodies are no longer there, and an index that knows where senders are told.
type erased struct{ *ledger }

func (erased) Message(context.Context, uint64) (rooms.Message, error) {
	return rooms.Message{}, stream.ErrGone
}

type remembering struct{ *ledger }

func (r remembering) Message(u rooms.UMID) (index.Summary, error) {
	m, err := r.ledger.Message(u)
	m.Callback, m.CallbackAt = true, base64.StdEncoding.EncodeToString([]byte("https://own.example/"))
	return m, err
}

// People answer when the body of the message has long been erased; the callback that it has named is told all the same.
func TestLateReplyIsToldWhereTheMessageSaid(t *testing.T) {
	l := &ledger{clients: []stream.ClientEntry{{Client: "of 1"}}}
	c := Collector{Log: erased{l}, Queue: l, Index: remembering{l}, Vault: l, Logger: slog.New(slog.DiscardHandler)}
	err := c.Replied(t.Context(), rooms.Reply{UMID: "01JDB6T0G00000000000000001", Room: "newborn", Publisher: "of 1", Sequence: 17})
	if err != nil || len(l.stored) != 1 || l.stored[0] != "of 1 0 https://own.example/" {
		t.Errorf("stored %q, %v", l.stored, err)
	}
}

func TestOnlyWhoHasACallbackIsToldOfReplies(t *testing.T) {
	l := &ledger{clients: []stream.ClientEntry{{Client: "of 1"}}}
	c := Collector{Log: bodies{l}, Queue: l, Index: l, Vault: l, Logger: slog.New(slog.DiscardHandler)}
	for _, r := range []rooms.Reply{
		{UMID: "01JDB6T0G00000000000000001", Room: "newborn", Publisher: "of 1", Sequence: 17},
		{UMID: "01JDB6T0G00000000000000002", Room: "newborn", Publisher: "of 2", Sequence: 18},
	} {
		if err := c.Replied(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if len(l.stored) != 1 || l.stored[0] != "of 1 0 " {
		t.Errorf("stored %q", l.stored)
	}
	l.fail = 1
	if err := c.Replied(t.Context(), rooms.Reply{UMID: umid, Publisher: "of 1", Sequence: 19}); err == nil {
		t.Error("what was not stored counts as told")
	}
}
