package matrix_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/matrix"
	"github.com/govcrier/crier/channels/matrix/matrixtest"
	"github.com/govcrier/crier/rooms"
)

const testUMID = rooms.UMID("01KAMVJVG0ZJ2C5YD3GZ7A8Q4M")

const clinic = "@clinic"

// file keeps a credential.
func file(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func options(t testing.TB, s *matrixtest.Server) matrix.Options {
	return matrix.Options{
		Homeserver: s.URL, UserID: matrixtest.ID(clinic), AccessTokenFile: file(t, matrixtest.Token(clinic)), Poll: 5 * time.Second, Connections: 64,
	}
}

// tokens are those that attempts were given.
type tokens struct {
	mu    sync.Mutex
	known map[string]rooms.AttemptID
}

func (k *tokens) open(token string) (rooms.AttemptID, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	a, ok := k.known[token]
	if !ok {
		return a, errors.New("not good")
	}
	return a, nil
}

func (k *tokens) sign(d rooms.Delivery) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	token := fmt.Sprintf("t%d", len(k.known))
	k.known[token] = rooms.AttemptID{DeliveryID: d.ID, Round: d.Round, Attempt: d.Attempt}
	return token
}

func newTokens() *tokens { return &tokens{known: map[string]rooms.AttemptID{}} }

// signed gives deliveries the token that the bridge would give them.
type signed struct {
	*matrix.Provider
	tokens *tokens
}

func (s signed) Send(ctx context.Context, d rooms.Delivery) channels.Outcome {
	d.Token = s.tokens.sign(d)
	return s.Provider.Send(ctx, d)
}

func provider(t testing.TB, o matrix.Options, change ...func(*matrix.Deps)) signed {
	t.Helper()
	k := newTokens()
	d := matrix.Deps{
		Name: "matrix", Open: k.open, Log: slog.New(slog.DiscardHandler), Hashes: func(user string) []string { return []string{"hash of " + user} },
		Message: func(_ context.Context, u rooms.UMID) (rooms.Header, bool, error) {
			return rooms.Header{UMID: u, Room: "newborn"}, true, nil
		},
	}
	for _, c := range change {
		c(&d)
	}
	p, err := matrix.New(o, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return signed{p, k}
}

func user(t testing.TB, id string) rooms.Address {
	t.Helper()
	a, err := rooms.ParseMatrixID(id)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func delivery(t testing.TB, n int, to string) rooms.Delivery {
	return rooms.Delivery{
		ID: rooms.DeliveryID{UMID: testUMID, N: n}, Attempt: 1, Room: "newborn", Lane: rooms.Normal,
		To:      rooms.Contact{Channel: rooms.Matrix, Address: user(t, to)},
		Content: rooms.Content{Text: rooms.NewBody("Please come on Tuesday.")}, Deadline: time.Now().Add(time.Hour),
	}
}

// hearing is what a provider has heard.
type hearing struct {
	mu       sync.Mutex
	receipts []channels.Receipt
	texts    []rooms.Inbound
	refuse   int // so many more
	end      func()
}

// hear listens until the test ends, or end. It returns when the first reading is over.
func (s signed) hear(t testing.TB, server *matrixtest.Server) *hearing {
	t.Helper()
	before := server.Count("GET sync")
	least := before + 1
	if before == 0 {
		least++ // the first of all does not wait
	}
	h := &hearing{}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		_ = s.Inbound(ctx, func(_ context.Context, in rooms.Inbound) error {
			return h.keep(func() { h.texts = append(h.texts, in) })
		})
	})
	all.Go(func() {
		_ = s.Receipts(ctx, func(_ context.Context, r channels.Receipt) error {
			return h.keep(func() { h.receipts = append(h.receipts, r) })
		})
	})
	h.end = func() { cancel(); all.Wait() }
	t.Cleanup(h.end)
	await(t, func() []string { return []string{fmt.Sprint(server.Count("GET sync") >= least)} }, "true")
	return h
}

func (h *hearing) keep(what func()) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse > 0 {
		h.refuse--
		return errors.New("not durable")
	}
	what()
	return nil
}

// heard gives each text once, as "kind from text answers".
func (h *hearing) heard() (all []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := map[string]bool{}
	for _, in := range h.texts {
		if !known[in.ID] {
			known[in.ID] = true
			all = append(all, fmt.Sprintf("%s %s %q %s/%d %t", in.Kind, in.From.Reveal(), in.Text.Reveal(), in.Answers.UMID, in.Answers.N, in.Signed))
		}
	}
	return all
}

// settled gives each receipt once, as "n status reason", in order.
func (h *hearing) settled() (all []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.receipts {
		one := fmt.Sprintf("%d %s %s", r.ID.N, r.Status, r.Reason)
		if !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	slices.Sort(all)
	return all
}

// await waits until what is there is what is wanted.
func await(t testing.TB, get func() []string, want ...string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); ; {
		got := get()
		if slices.Equal(got, want) {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func (s signed) sends(t testing.TB, d rooms.Delivery) channels.Outcome {
	t.Helper()
	o := s.Send(t.Context(), d)
	if o.Result != channels.Sent {
		t.Fatalf("outcome %+v, want it sent", o)
	}
	return o
}
