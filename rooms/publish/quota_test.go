package publish_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/quota"
	"github.com/govcrier/crier/rooms/stream"
)

// limited is a house in which a client publishes so many messages a day.
func limited(t *testing.T, perDay int) *house {
	t.Helper()
	h := newHouse(t)
	h.limits.PerDay = perDay
	h.closeIndex()
	h.openIndex()
	h.publisher(recall{h.index, h.log})
	return h
}

// over fails unless a request is refused for its quota.
func (h *house) over(r publish.Request) {
	h.t.Helper()
	receipt, err := h.Publish(h.t.Context(), r)
	var over *rooms.QuotaError
	if !errors.As(err, &over) || over.Limit != h.limits.PerDay || over.Remaining != 0 || over.Reset <= 24*time.Hour-time.Minute || over.Reset > 24*time.Hour+5*time.Minute {
		h.t.Errorf("got %+v, %v", receipt, err)
	}
}

// What was used is known after a restart, and after the index was lost, also of what was erased.
func TestQuotaIsRemembered(t *testing.T) {
	for name, happens := range map[string]func(h *house){
		"nothing":             func(*house) {},
		"log restarted":       (*house).restart,
		"index lost":          (*house).loseIndex,
		"erased, index lost":  func(h *house) { h.erase(); h.loseIndex() },
		"erased, restarted":   func(h *house) { h.erase(); h.restart() },
		"read from the index": func(h *house) { h.catchUp(); h.restart() },
	} {
		t.Run(name, func(t *testing.T) {
			h := limited(t, 3)
			for n := range 3 {
				if got := h.accept(request(n)).Allowance; got.Limit != 3 || got.Remaining != 2-n {
					t.Errorf("message %d: %+v", n, got)
				}
			}
			happens(h)
			h.over(request(3))
			if all := len(h.entries()); all > 3 {
				t.Errorf("%d entries", all)
			}
		})
	}
}

// A repeat is answered as it was, whatever is left, and does not count.
func TestRepeatsHaveNoQuota(t *testing.T) {
	h := limited(t, 2)
	first := h.accept(request(1))
	first.Allowance = rooms.Allowance{}
	for range 5 {
		h.repeated(request(1), first)
	}
	h.catchUp()
	h.repeated(request(1), first)
	second := h.accept(request(2))
	second.Allowance = rooms.Allowance{}
	h.publisher(late{recall{h.index, h.log}, &atomic.Bool{}}) // the index has not folded it when it is first asked
	h.repeated(request(2), second)
	h.over(request(3))
}

// failing is a log that stores nothing.
type failing struct{ publish.Log }

func (failing) Append(context.Context, rooms.Message) (uint64, bool, error) {
	return 0, false, stream.ErrUnavailable
}

func TestWhatWasNotStoredDoesNotCount(t *testing.T) {
	h := limited(t, 1)
	h.Log = failing{h.log}
	for n := range 5 {
		if _, err := h.Publish(t.Context(), request(n)); !errors.Is(err, publish.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	h.Log = h.log
	h.accept(request(9))
	h.over(request(10))
}

// node is a second publisher, with an index of its own, on the log of a house.
func (h *house) node(name string) *house {
	h.t.Helper()
	n := &house{t: h.t, dir: filepath.Join(h.dir, name), log: h.log, vault: h.vault, limits: h.limits}
	n.openIndex()
	n.publisher(recall{n.index, n.log})
	h.t.Cleanup(n.closeIndex)
	return n
}

// Two nodes that have read each other's messages share a quota exactly.
func TestQuotaHoldsAcrossNodes(t *testing.T) {
	h := limited(t, 5)
	nodes := []*house{h, h.node("other")}
	for n := range 5 {
		nodes[n%2].accept(request(n))
		nodes[1-n%2].catchUp()
	}
	for n, one := range nodes {
		one.over(request(10 + n))
	}
}

// witness notes how far the index of its node was when it last let a message through.
type witness struct {
	*quota.Quotas
	node *house
	mu   sync.Mutex
	last uint64
}

func (w *witness) Take(ctx context.Context, h rooms.Header, rules rooms.PolicyRules) (rooms.Allowance, error) {
	w.mu.Lock() // so that the last one is
	defer w.mu.Unlock()
	at, _ := w.node.index.Position()
	a, err := w.Quotas.Take(ctx, h, rules)
	if err == nil {
		w.last = at
	}
	return a, err
}

// 64 publishers at once on two nodes: what is accepted beyond the quota is no more than what the other node had accepted and
// this one had not read yet when it let its last one through.
func TestQuotaOvershoot(t *testing.T) {
	const limit = 300
	h := limited(t, limit)
	nodes := [2]*house{h, h.node("other")}
	var watch [2]*witness
	var own [2]sync.Map // UMIDs
	for i, n := range nodes {
		watch[i] = &witness{Quotas: n.quotas, node: n}
		n.Quotas = watch[i]
	}
	var all sync.WaitGroup
	var refused atomic.Int64
	for p := range 64 {
		all.Go(func() {
			for j := range 20 {
				receipt, err := nodes[p%2].Publish(t.Context(), request(p*100+j))
				var over *rooms.QuotaError
				switch {
				case err == nil:
					own[p%2].Store(receipt.UMID, true)
				case errors.As(err, &over):
					refused.Add(1)
				default:
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	entries := h.entries()
	beyond := len(entries) - limit
	if beyond < 0 || refused.Load() == 0 {
		t.Errorf("%d accepted of %d, %d refused", len(entries), limit, refused.Load())
	}
	for i := range nodes {
		unread := 0
		for _, m := range entries {
			if _, others := own[1-i].Load(m.UMID); others && m.Sequence > watch[i].last {
				unread++
			}
		}
		t.Logf("%d accepted, %d beyond the quota; node %d had not read %d of the other's", len(entries), beyond, i, unread)
		if beyond > unread {
			t.Errorf("node %d let %d through too many, of which it could have known", i, beyond-unread)
		}
	}
	for n, one := range nodes {
		one.catchUp()
		one.over(request(10_000 + n))
	}
}
