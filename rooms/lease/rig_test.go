package lease_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms/lease"
	"github.com/govcrier/crier/rooms/stream"
)

const name = "plan-normal"

// shelf is a store in memory, for tests that own the clock.
type shelf struct {
	mu     sync.Mutex
	last   uint64
	leases map[string]stream.Lease
}

func newShelf() *shelf { return &shelf{leases: map[string]stream.Lease{}} }

// fault is what may happen to a node's calls.
type fault int

const (
	none fault = iota
	cut        // nothing gets through, and no answer comes
	mute       // what is written is written, but no answer comes
)

// view is the store as one node sees it.
type view struct {
	*shelf
	mu    sync.Mutex
	fault fault
	delay time.Duration // until what is written is stored, and again until the answer comes
}

func (v *view) slow(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.delay = d
}

func (v *view) set(f fault) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fault = f
}

func (v *view) now() fault {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.fault
}

var errNoAnswer = errors.New("no answer")

func (v *view) Lease(ctx context.Context, name string) (stream.Lease, error) {
	if v.now() == cut {
		<-ctx.Done()
		return stream.Lease{}, errNoAnswer
	}
	return v.get(name), nil
}

func (v *view) Change(ctx context.Context, name string, l stream.Lease) (uint64, error) {
	f := v.now()
	if f == cut {
		<-ctx.Done()
		return 0, errNoAnswer
	}
	revision, err := v.later(ctx, name, l)
	if f == mute {
		<-ctx.Done()
		return 0, errNoAnswer
	}
	return revision, err
}

// later changes what it is asked to, even if nobody waits for it any more.
func (v *view) later(ctx context.Context, name string, l stream.Lease) (uint64, error) {
	v.mu.Lock()
	delay := v.delay
	v.mu.Unlock()
	if delay == 0 {
		return v.change(name, l)
	}
	type answer struct {
		revision uint64
		err      error
	}
	given := make(chan answer, 1)
	go func() {
		<-time.After(delay)
		revision, err := v.change(name, l)
		<-time.After(delay)
		given <- answer{revision, err}
	}()
	select {
	case a := <-given:
		return a.revision, a.err
	case <-ctx.Done():
		return 0, errNoAnswer
	}
}

func (s *shelf) get(name string) stream.Lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leases[name]
}

func (s *shelf) change(name string, l stream.Lease) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leases[name].Revision != l.Revision {
		return 0, stream.ErrRevision
	}
	s.last++
	l.Revision = s.last
	s.leases[name] = l
	return s.last, nil
}

// node is a process that contends for a lease.
type node struct {
	*view
	stop func() // and wait
}

func (s *shelf) node(t *testing.T, name string, work lease.Work) *node {
	v := &view{shelf: s}
	return &node{v, hold(t, v, lease.Options{Node: name}, work)}
}

// hold contends until the returned function is called.
func hold(t *testing.T, s lease.Store, o lease.Options, work lease.Work) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var held sync.WaitGroup
	held.Go(func() {
		if err := lease.New(s, o).Hold(ctx, name, work); !errors.Is(err, context.Canceled) {
			t.Errorf("Hold returned %v", err)
		}
	})
	stop = func() { cancel(); held.Wait() }
	t.Cleanup(stop)
	return stop
}
