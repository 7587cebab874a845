package publish_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/vault"
)

// conflicting fails unless another body under the id of request 1 is refused.
func (h *house) conflicting() {
	h.t.Helper()
	r := request(1)
	r.Raw = []byte("another body")
	if receipt, err := h.Publish(h.t.Context(), r); !errors.Is(err, publish.ErrConflict) {
		h.t.Errorf("another body: %+v, %v", receipt, err)
	}
}

func TestErasedMessageIsKnown(t *testing.T) {
	for name, happens := range map[string]func(h *house){
		"within the window":          func(h *house) { h.catchUp() },
		"index lost":                 (*house).loseIndex,
		"log restarted":              (*house).restart, // whereupon JetStream has forgotten the id
		"log restarted, index lost":  func(h *house) { h.restart(); h.loseIndex() },
		"index lost, then restarted": func(h *house) { h.loseIndex(); h.restart() },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			first := h.accept(request(1))
			h.erase()
			happens(h)
			h.repeated(request(1), first)
			h.conflicting()
		})
	}
}

func TestLostIndexKnowsWhatStands(t *testing.T) {
	h := newHouse(t)
	first := h.accept(request(1))
	h.loseIndex()
	h.repeated(request(1), first)
	h.restart()
	h.repeated(request(1), first)
	h.conflicting()
	if all := h.entries(); len(all) != 1 {
		t.Errorf("%d entries, want 1", len(all))
	}
}

// TestJetStreamForgets shows that the restart above is no idle test: without the index the
// message would be accepted anew.
func TestJetStreamForgets(t *testing.T) {
	h := newHouse(t)
	first := h.accept(request(1))
	h.erase()
	h.restart()
	h.publisher(oblivious{})
	if again := h.accept(request(1)); again.Duplicate || again.UMID == first.UMID {
		t.Errorf("got %+v: JetStream knows erased entries after a restart; then the index is not needed for it", again)
	}
}

// late is a memory that has not folded anything until it is waited for.
type late struct {
	publish.Memory
	waited *atomic.Bool
}

func (l late) Lookup(txids ...string) (publish.Known, bool, error) {
	if !l.waited.Load() {
		return publish.Known{}, false, nil
	}
	return l.Memory.Lookup(txids...)
}

func (l late) Wait(ctx context.Context) error {
	l.waited.Store(true)
	return l.Memory.Wait(ctx)
}

// The index has not folded the message yet, JetStream knows its id, and the body is gone.
func TestErasedBeforeItWasFolded(t *testing.T) {
	h := newHouse(t)
	first := h.accept(request(1))
	h.erase()
	h.publisher(late{recall{h.index, h.log}, &atomic.Bool{}})
	h.repeated(request(1), first)
	h.publisher(late{recall{h.index, h.log}, &atomic.Bool{}})
	h.conflicting()
	h.publisher(oblivious{}) // nobody can say what the first request was
	if receipt, err := h.Publish(t.Context(), request(1)); !errors.Is(err, publish.ErrUnavailable) {
		t.Errorf("got %+v, %v", receipt, err)
	}
}

// broken is a memory that cannot answer.
type broken struct {
	oblivious
	why error
}

func (b broken) Lookup(...string) (publish.Known, bool, error) { return publish.Known{}, false, b.why }

func TestNothingIsAcceptedWithoutMemory(t *testing.T) {
	h, why := newHouse(t), errors.New("the index is broken")
	h.publisher(broken{why: why})
	if _, err := h.Publish(t.Context(), request(1)); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
	if all := h.entries(); len(all) != 0 {
		t.Errorf("%d entries, want none", len(all))
	}
}

// A key of hashes is added on the node, then made primary; each time the node opens its keys
// again.
func TestRotatedHashKey(t *testing.T) {
	h := newHouse(t)
	before := h.accept(request(1))
	added, err := vault.AddKey(h.keys())
	if err != nil {
		t.Fatal(err)
	}
	h.restart()
	h.repeated(request(1), before)
	for _, id := range []uint32{added.Hash, added.AEAD} {
		if err := vault.Promote(h.keys(), id); err != nil {
			t.Fatal(err)
		}
	}
	h.restart()
	h.repeated(request(1), before)
	h.conflicting()
	after := h.accept(request(2))
	h.repeated(request(2), after)
	h.erase()
	h.loseIndex()
	h.repeated(request(1), before)
	h.repeated(request(2), after)
}

// What was sealed before opens after the change of keys.
func TestRotatedSealingKey(t *testing.T) {
	h := newHouse(t)
	receipt := h.accept(directRequest(t, 1))
	added, err := vault.AddKey(h.keys())
	if err != nil {
		t.Fatal(err)
	}
	if err := vault.Promote(h.keys(), added.AEAD); err != nil {
		t.Fatal(err)
	}
	h.restart()
	m := h.entries()[0]
	plain, err := h.vault.Unseal(m.Payload, "envelope", "newborn", string(receipt.UMID))
	if err != nil {
		t.Fatal(err)
	}
	if e, err := rooms.DecodeEnvelope(plain); err != nil || len(e.Recipients) != 2 {
		t.Errorf("%d recipients, %v", len(e.Recipients), err)
	}
}

// rotate adds a key of hashes and promotes it while the log and the index stay open.
func (h *house) rotate(m publish.Memory) {
	h.t.Helper()
	added, err := vault.AddKey(h.keys())
	if err != nil {
		h.t.Fatal(err)
	}
	if err := vault.Promote(h.keys(), added.Hash); err != nil {
		h.t.Fatal(err)
	}
	h.openVault()
	h.publisher(m)
}

// The key is promoted within the window, and the index has not folded the message yet: the log
// does not know the id under the new key.
func TestRotatedBeforeItWasFolded(t *testing.T) {
	h := newHouse(t)
	first := h.accept(request(1))
	h.rotate(late{recall{h.index, h.log}, &atomic.Bool{}})
	h.repeated(request(1), first)
	h.publisher(late{recall{h.index, h.log}, &atomic.Bool{}})
	h.conflicting()
	if all := h.entries(); len(all) != 1 {
		t.Errorf("%d entries, want 1", len(all))
	}
}

// slow is a log that takes its time, so that calls overlap.
type slow struct {
	publish.Log
	in, out chan struct{}
}

func (s slow) Append(ctx context.Context, m rooms.Message) (uint64, bool, error) {
	s.in <- struct{}{}
	<-s.out
	return s.Log.Append(ctx, m)
}

// changing is a vault whose keys change while a call is under way.
type changing struct{ now atomic.Pointer[vault.Vault] }

func (c *changing) Seal(b []byte, parts ...string) ([]byte, error) {
	return c.now.Load().Seal(b, parts...)
}

func (c *changing) HashAll(purpose string, parts ...string) []vault.Hash {
	return c.now.Load().HashAll(purpose, parts...)
}

func (c *changing) MAC(purpose string, b []byte) string { return c.now.Load().MAC(purpose, b) }

func (c *changing) VerifyMAC(mac, purpose string, b []byte) bool {
	return c.now.Load().VerifyMAC(mac, purpose, b)
}

// A key is promoted between two calls with one transaction, the first of which is still on its way
// into the log: the second waits for it.
func TestPromotedBetweenTwoCalls(t *testing.T) {
	h := newHouse(t)
	added, err := vault.AddKey(h.keys())
	if err != nil {
		t.Fatal(err)
	}
	h.openVault()
	v := &changing{}
	v.now.Store(h.vault)
	s := slow{h.log, make(chan struct{}, 2), make(chan struct{})}
	h.Publisher = &publish.Publisher{Log: s, Memory: recall{h.index, h.log}, Vault: v, Verifier: v, Policies: standard{}}
	answers := make(chan publish.Receipt, 2)
	call := func() {
		r, err := h.Publish(t.Context(), request(1))
		if err != nil {
			t.Error(err)
		}
		answers <- r
	}
	go call()
	<-s.in
	if err := vault.Promote(h.keys(), added.Hash); err != nil {
		t.Fatal(err)
	}
	h.openVault()
	v.now.Store(h.vault)
	go call()
	close(s.out)
	if a, b := <-answers, <-answers; a.UMID != b.UMID || a.Duplicate == b.Duplicate {
		t.Errorf("got %+v and %+v", a, b)
	}
	if all := h.entries(); len(all) != 1 {
		t.Errorf("%d entries, want 1", len(all))
	}
}
