package live

import (
	"context"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Event is a message on its way to listeners, who share it.
type Event struct {
	rooms.Header
	Wire []byte // the message as it was rendered; not to be changed

	came time.Time
}

// room is what is at hand of a room that somebody listens to: its latest messages, up to which the
// log has been read. Listeners look here by their position and wait for more.
type room struct {
	hub       *Hub
	name      rooms.Room
	cancel    context.CancelFunc
	listeners int // of hub.mu

	mu     sync.RWMutex
	floor  uint64   // all that came after it, up to end, is at hand
	latest []*Event // never changed in place: listeners hold parts of it
	bytes  int
	end    uint64
	more   chan struct{} // closed when there is more, or err
	err    error
}

func newRoom(h *Hub, name rooms.Room, at uint64, cancel context.CancelFunc) *room {
	return &room{hub: h, name: name, cancel: cancel, floor: at, end: at, more: make(chan struct{})}
}

// run follows the log until ctx ends.
func (r *room) run(ctx context.Context) {
	var both sync.WaitGroup
	defer both.Wait()
	both.Go(func() { r.verifyNowAndThen(ctx) })
	if err := r.hub.log.TailRoom(ctx, r.name, r.reached(), r.add); ctx.Err() == nil {
		r.hub.lost(r, err)
	}
}

// add brings messages in and wakes all who wait.
func (r *room) add(messages []rooms.Message) error {
	events := r.hub.events(messages)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range events {
		r.bytes += len(e.Wire)
	}
	r.latest = append(r.latest, events...)
	r.end = max(r.end, messages[len(messages)-1].Sequence)
	r.trim()
	r.wake()
	return nil
}

// events renders messages; what cannot be read is left out.
func (h *Hub) events(messages []rooms.Message) []*Event {
	now := time.Now()
	events := make([]*Event, 0, len(messages))
	for _, m := range messages {
		if m.UMID != "" {
			events = append(events, &Event{Header: m.Header, Wire: h.render(m), came: now})
		}
	}
	return events
}

// trim lets go of what is too much or too old. r.mu is held.
func (r *room) trim() {
	o, drop := r.hub.options, 0
	old := time.Now().Add(-o.Keep)
	for drop < len(r.latest)-1 && r.bytes > o.Buffer || drop < len(r.latest) && r.latest[drop].came.Before(old) {
		r.bytes -= len(r.latest[drop].Wire)
		r.floor = r.latest[drop].Sequence
		drop++
	}
	if drop > 0 {
		r.latest = slices.Clone(r.latest[drop:])
	}
}

func (r *room) wake() {
	close(r.more)
	r.more = make(chan struct{})
}

// fail tells all who wait, and whoever asks, that nothing more comes from here.
func (r *room) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
		r.wake()
	}
}

func (r *room) reached() uint64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.end
}

// after gives what came after a position up to end, and what is closed when there is more. behind
// says that not all of it is at hand.
func (r *room) after(at uint64) (events []*Event, end uint64, more <-chan struct{}, behind bool, err error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if at < r.floor || r.err != nil {
		return nil, r.end, r.more, true, r.err
	}
	i := sort.Search(len(r.latest), func(i int) bool { return r.latest[i].Sequence > at })
	return r.latest[i:], r.end, r.more, false, nil
}

// verifyNowAndThen looks whether the log still answers and everything came.
func (r *room) verifyNowAndThen(ctx context.Context) {
	tick := time.NewTicker(r.hub.options.VerifyEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := r.verify(ctx); err != nil && ctx.Err() == nil {
			r.hub.lost(r, err)
			return
		}
	}
}

// verify asks the log, and of several nodes the leader, for what follows. If there is nothing in this
// room, its position moves to the end of the log all the same: else a client whose room was silent
// for longer than messages are kept would be told of a gap.
func (r *room) verify(ctx context.Context) error {
	_, last, err := r.hub.log.Bounds(ctx)
	if err != nil {
		return err
	}
	end := r.reached()
	page, err := r.hub.log.RoomPage(ctx, rooms.Selection{Room: r.name}, end)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trim()
	if len(page) == 0 {
		r.end = max(r.end, last)
	}
	return nil
}
