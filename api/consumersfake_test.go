package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// clinicConsumer is a consumer of clinic-4 in the room newborn.
func clinicConsumer(name rooms.ConsumerName) rooms.ConsumerID {
	return rooms.ConsumerID{Room: "newborn", Owner: rooms.OwnerOf("clinic-4"), Name: name}
}

// oneKey authenticates tokens.
type oneKey struct{}

func (oneKey) MAC(purpose string, data []byte) string {
	h := hmac.New(sha256.New, []byte(purpose))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))[:48]
}

func (k oneKey) VerifyMAC(mac, purpose string, data []byte) bool { return k.MAC(purpose, data) == mac }

// consumersFake is the log as the keeper of consumers sees it.
type consumersFake struct{ *engine }

func (e consumersFake) CreateConsumer(_ context.Context, c rooms.ConsumerConfig, _ uint64) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.consumers[c.ID] = rooms.Consumer{ConsumerConfig: c, Created: noon()}
	return e.err
}

func (e consumersFake) ResetConsumer(_ context.Context, id rooms.ConsumerID, s rooms.Start, _ uint64) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, ok := e.consumers[id]
	if !ok {
		return stream.ErrGone
	}
	c.Created, c.Delivered, c.Reset = c.Created.Add(time.Second), s.Sequence, &s
	e.consumers[id] = c
	return e.err
}

func (e consumersFake) PaceConsumer(_ context.Context, id rooms.ConsumerID, inOrder bool, keep time.Duration) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, ok := e.consumers[id]
	if !ok {
		return stream.ErrGone
	}
	c.InOrder, c.Keep = inOrder, keep
	e.consumers[id] = c
	return e.err
}

func (e consumersFake) DeleteConsumer(_ context.Context, id rooms.ConsumerID) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.consumers, id)
	return e.err
}

func (e consumersFake) Consumer(_ context.Context, id rooms.ConsumerID) (rooms.Consumer, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, ok := e.consumers[id]
	if !ok {
		return c, stream.ErrGone
	}
	return c, e.err
}

func (e consumersFake) ConsumerIDs(context.Context) ([]rooms.ConsumerID, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.SortedFunc(maps.Keys(e.consumers), func(a, b rooms.ConsumerID) int {
		return strings.Compare(a.String(), b.String())
	}), e.err
}

func (e consumersFake) Pull(ctx context.Context, id rooms.ConsumerID, max, _ int, wait time.Duration) ([]stream.Handout, error) {
	e.mu.Lock()
	all := e.waiting[id]
	got := all[:min(max, len(all))]
	e.waiting[id] = all[len(got):]
	err := e.err
	e.mu.Unlock()
	if len(got) > 0 || wait == 0 {
		return got, err
	}
	e.pulling <- struct{}{}
	<-ctx.Done()
	e.pulled <- struct{}{}
	return nil, ctx.Err()
}

func (e consumersFake) Settle(_ context.Context, _ rooms.ConsumerID, all []stream.Settlement) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.settled = append(e.settled, all...)
	return e.err
}

// handOut has messages wait for a consumer, from a sequence on.
func (e *engine) handOut(id rooms.ConsumerID, from uint64, contents ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, content := range contents {
		h := stream.Handout{Handle: stream.Handle{Deliveries: 1, Sequence: from + uint64(i), Number: uint64(i) + 1}, Content: []byte(content)}
		h.Header = e.messages[umid].Header
		h.Header.Sequence = h.Handle.Sequence
		e.waiting[id] = append(e.waiting[id], h)
	}
}

func (e *engine) verdicts() []stream.Settlement {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.settled)
}
