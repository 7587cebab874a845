package channels

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// history folds the events into states, and keeps what it has seen.
type history struct {
	log    *stream.Log
	mu     sync.Mutex
	state  map[rooms.DeliveryID]rooms.State
	seen   map[rooms.DeliveryID][]rooms.Event
	folded uint64
	moved  chan struct{}
}

func newHistory(l *stream.Log) *history {
	return &history{log: l, state: map[rooms.DeliveryID]rooms.State{}, seen: map[rooms.DeliveryID][]rooms.Event{}, moved: make(chan struct{})}
}

func (h *history) run(ctx context.Context) {
	_ = h.log.TailEvents(ctx, 0, func(events []rooms.Event) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, e := range events {
			id := rooms.DeliveryID{UMID: e.UMID, N: e.N}
			h.seen[id] = append(h.seen[id], e)
			h.state[id] = h.state[id].Join(e.State())
			h.folded = e.Sequence
		}
		close(h.moved)
		h.moved = make(chan struct{})
		return nil
	})
}

func (h *history) Settled(ctx context.Context, id rooms.DeliveryID, round, attempt int) (bool, error) {
	s, err := h.State(ctx, id)
	return err == nil && Needless(s, round, attempt), err
}

func (h *history) State(ctx context.Context, id rooms.DeliveryID) (rooms.State, error) {
	_, end, err := h.log.Ends(ctx)
	for err == nil {
		h.mu.Lock()
		folded, state, moved := h.folded, h.state[id], h.moved
		h.mu.Unlock()
		if folded >= end {
			return state, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	return rooms.State{}, err
}

// of gives what happened to a delivery, in words.
func (h *history) of(id rooms.DeliveryID) string {
	var words []string
	for _, e := range h.events(id) {
		word := fmt.Sprintf("%s %d", e.Kind, e.Attempt)
		if e.Reason != "" {
			word += " " + string(e.Reason)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

func (h *history) events(id rooms.DeliveryID) []rooms.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]rooms.Event(nil), h.seen[id]...)
}
