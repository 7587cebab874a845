package callback

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/channels/lanes"
	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
)

const umid = "01JDB6T0G00000000000000001"

var errTest = errors.New("not now")

// world is all that a caller asks.
type world struct {
	client  error // of Get
	signer  error // of Signer
	wait    error // of WaitFor
	message error // of Message
	unseal  error
	answer  outbound.Answer
	posted  []outbound.Call
}

func (w *world) Get(context.Context, rooms.Client) (registry.Callback, error) {
	at, _ := rooms.ParseURL("https://usual.example/")
	return registry.Callback{To: rooms.Contact{Address: at, Signing: []rooms.Signing{rooms.NewSigning()}}}, w.client
}

func (w *world) Signer(context.Context, rooms.Client) (registry.Callback, error) {
	return registry.Callback{To: rooms.Contact{Signing: []rooms.Signing{rooms.NewSigning()}}}, w.signer
}

func (w *world) WaitFor(context.Context, uint64, uint64) error { return w.wait }

func (w *world) Message(u rooms.UMID) (index.Summary, error) {
	return index.Summary{Header: rooms.Header{UMID: u, Room: "newborn", Publisher: "hosp-7"}}, w.message
}

func (w *world) Seal(plain []byte, _ ...string) ([]byte, error) { return plain, nil }

func (w *world) Unseal(sealed []byte, _ ...string) ([]byte, error) { return sealed, w.unseal }

func (w *world) Post(_ context.Context, c outbound.Call) outbound.Answer {
	w.posted = append(w.posted, c)
	return w.answer
}

// A client that has a secret alone is told where its messages say so, and nowhere else.
func TestCallsOfMessagesWithoutACallbackOfTheClient(t *testing.T) {
	w := world{client: registry.ErrUnknownCallback, answer: outbound.Answer{Status: 204}}
	c := Caller{
		Clients: &w, Index: &w, Vault: &w, Calls: &w, Answer: func(index.Summary) ([]byte, error) { return []byte(`{}`), nil },
		Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	}
	call := stream.Callback{Callback: rooms.Callback{UMID: umid, Room: "newborn", Publisher: "hosp-7", Event: 7, To: []byte("https://own.example/")}}
	if result, _ := c.tell(t.Context(), call); result != "told" || len(w.posted) != 1 || w.posted[0].To.Reveal() != "https://own.example/" || len(w.posted[0].Signing) != 1 {
		t.Errorf("%s: %+v", result, w.posted)
	}
	call.To = nil
	if result, _ := c.tell(t.Context(), call); result != "unwanted" || len(w.posted) != 1 {
		t.Errorf("%s, %d calls", result, len(w.posted))
	}
}

// A call that was not made, since its host was busy, is no attempt: what follows one that fails is what follows the first.
func TestBusyHostIsNoAttempt(t *testing.T) {
	w := world{answer: outbound.Answer{Err: &lanes.Full{After: 7 * time.Second}, RetryAfter: 7 * time.Second}}
	c := Caller{
		Clients: &w, Index: &w, Vault: &w, Calls: &w, Answer: func(index.Summary) ([]byte, error) { return []byte(`{}`), nil },
		Policy: rooms.Policy{Retry: []time.Duration{time.Minute, time.Hour, 5 * time.Hour}}, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	}
	call := stream.Callback{Callback: rooms.Callback{UMID: umid, Room: "newborn", Publisher: "hosp-7", Event: 7}}
	for call.Attempt = 1; call.Attempt < 4; call.Attempt++ {
		if result, wait := c.tell(t.Context(), call); result != "deferred" || wait != 7*time.Second {
			t.Errorf("busy: %s, again in %s", result, wait)
		}
	}
	w.answer = outbound.Answer{Status: 503}
	if result, wait := c.tell(t.Context(), call); result != "deferred" || wait > 2*time.Minute {
		t.Errorf("the first attempt failed: %s, again in %s", result, wait)
	}
	call.Attempt++
	if _, wait := c.tell(t.Context(), call); wait < 10*time.Minute || wait > 2*time.Hour {
		t.Errorf("the second attempt failed: again in %s", wait)
	}
	w.answer = outbound.Answer{Status: 204}
	if result, _ := c.tell(t.Context(), call); result != "told" || len(c.turned.times) != 0 {
		t.Errorf("%s, %d are remembered", result, len(c.turned.times))
	}
}

func TestWhatFollowsAnAnswer(t *testing.T) {
	const hour = time.Hour
	for name, tc := range map[string]struct {
		world  world
		result string
		wait   time.Duration
		posted int
	}{
		"told":            {world{answer: outbound.Answer{Status: 204}}, "told", 0, 1},
		"refused":         {world{answer: outbound.Answer{Status: 404}}, "refused", 0, 1},
		"redirect":        {world{answer: outbound.Answer{Status: 302}}, "refused", 0, 1},
		"private":         {world{answer: outbound.Answer{Err: outbound.ErrAddress}}, "refused", 0, 1},
		"down":            {world{answer: outbound.Answer{Status: 503}}, "deferred", hour, 1},
		"asks for time":   {world{answer: outbound.Answer{Status: 429, RetryAfter: time.Minute}}, "deferred", time.Minute, 1},
		"no answer":       {world{answer: outbound.Answer{Err: outbound.ErrConnect, Late: true}}, "deferred", hour, 1},
		"unwanted":        {world{signer: registry.ErrUnknownCallback}, "unwanted", 0, 0},
		"long forgotten":  {world{message: index.ErrUnknown}, "unknown", 0, 0},
		"index lags":      {world{wait: errTest}, "postponed", again, 0},
		"store is away":   {world{signer: errTest}, "postponed", again, 0},
		"key is not here": {world{unseal: errTest}, "postponed", again, 0},
	} {
		w := tc.world
		c := Caller{
			Clients: &w, Index: &w, Vault: &w, Calls: &w, Answer: func(index.Summary) ([]byte, error) { return []byte(`{"a" : 1}`), nil },
			Policy: rooms.Policy{Retry: []time.Duration{hour}}, Metrics: metrics.NewSet(), Logger: slog.New(slog.DiscardHandler), Now: time.Now,
		}
		call := stream.Callback{Attempt: 1, Callback: rooms.Callback{UMID: umid, Room: "newborn", Publisher: "hosp-7", Event: 7, To: []byte("https://own.example/")}}
		result, wait := c.tell(t.Context(), call)
		if result != tc.result || wait != tc.wait || len(w.posted) != tc.posted {
			t.Errorf("%s: %s, again in %s, %d calls", name, result, wait, len(w.posted))
		}
		for _, p := range w.posted {
			if p.ID != umid+"-status-7" || p.To.Reveal() != "https://own.example/" || len(p.Signing) != 1 {
				t.Errorf("%s: %s", name, p.ID)
			}
		}
		call.To = nil
		if _, _ = c.tell(t.Context(), call); tc.posted > 0 && w.posted[1].To.Reveal() != "https://usual.example/" {
			t.Errorf("%s: not where the client is told otherwise", name)
		}
	}
}
