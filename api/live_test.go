package api

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/live"
	"github.com/govcrier/crier/rooms/stream"
)

// memoryLog is a log of rooms in memory.
type memoryLog struct {
	mu    sync.Mutex
	first uint64
	all   []rooms.Message
	more  chan struct{}
	err   error
}

func newMemoryLog() *memoryLog { return &memoryLog{first: 1, more: make(chan struct{})} }

// append stores a message of the room newborn.
func (l *memoryLog) append(content string) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := uint64(len(l.all)) + 1
	l.all = append(l.all, rooms.Message{Header: rooms.Header{
		UMID: rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", n)), Room: "newborn", Type: "reminder", Lane: rooms.Normal, Publisher: "hosp-7",
		ReceivedAt: noon(), ExpiresAt: noon().Add(time.Hour), Sequence: n,
	}, Payload: []byte(content)})
	close(l.more)
	l.more = make(chan struct{})
	return n
}

func (l *memoryLog) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

func (l *memoryLog) Bounds(context.Context) (first, last uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first, uint64(len(l.all)), l.err
}

func (l *memoryLog) RoomSince(context.Context, rooms.Room, time.Time) (uint64, error) {
	return 0, stream.ErrGone
}

func (l *memoryLog) RoomPage(_ context.Context, s rooms.Selection, after uint64) (page []rooms.Message, err error) {
	page, _ = l.behind(s.Room, after)
	return page, l.err
}

func (l *memoryLog) behind(room rooms.Room, after uint64) (found []rooms.Message, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.all {
		if m.Sequence > after && m.Sequence >= l.first && m.Room == room && len(found) < 10 {
			found = append(found, m)
		}
	}
	return found, l.more
}

func (l *memoryLog) TailRoom(ctx context.Context, room rooms.Room, after uint64, fn func([]rooms.Message) error) error {
	for {
		found, more := l.behind(room, after)
		if len(found) > 0 {
			if err := fn(found); err != nil {
				return err
			}
			after = found[len(found)-1].Sequence
			continue
		}
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func hubOn(l *memoryLog) *live.Hub {
	return live.New(l, RenderEvent, live.Options{VerifyEvery: 10 * time.Millisecond})
}
