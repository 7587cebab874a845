package channels

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/templates"
)

func TestManyWaitForOneOpening(t *testing.T) {
	var openings atomic.Int32
	begin := make(chan struct{})
	c := newContents(1<<20, func(context.Context, uint64) (opened, error) {
		openings.Add(1)
		<-begin
		return opened{umid: testUMID}, nil
	})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if m, err := c.get(t.Context(), 7); err != nil || m.umid != testUMID {
				t.Errorf("%v, %v", m.umid, err)
			}
		})
	}
	impatient, cancel := context.WithCancel(t.Context())
	all.Go(func() {
		for openings.Load() == 0 { // another one opens it
			_ = openings.Load()
		}
		cancel()
		if _, err := c.get(impatient, 7); err == nil {
			t.Error("got it before it was there")
		}
		close(begin)
	})
	all.Wait()
	if openings.Load() != 1 {
		t.Errorf("opened %d times", openings.Load())
	}
}

func TestContentsAreBoundedInBytes(t *testing.T) {
	openings := 0
	const size = 10_000
	c := newContents(10*(size+512), func(context.Context, uint64) (opened, error) {
		openings++
		content, _ := templates.Compile(rooms.Content{Text: rooms.NewBody(strings.Repeat("x", size))}, "")
		return opened{content: content}, nil
	})
	for n := range uint64(30) {
		if _, err := c.get(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		_, _ = c.get(t.Context(), 0) // stays, being used
	}
	if openings != 30 || len(c.known) != 10 || c.recent.Len() != 10 || c.bytes != 10*(size+512) {
		t.Errorf("%d openings, %d known, %d bytes", openings, len(c.known), c.bytes)
	}
	if _, err := c.get(t.Context(), 25); err != nil || openings != 30 {
		t.Error("a recent one was forgotten")
	}
	if _, err := c.get(t.Context(), 5); err != nil || openings != 31 {
		t.Error("an old one was not forgotten")
	}
}

func TestFailuresAreNotKept(t *testing.T) {
	fail := errTest
	c := newContents(1<<20, func(context.Context, uint64) (opened, error) { return opened{}, fail })
	if _, err := c.get(t.Context(), 1); err == nil {
		t.Error("no error")
	}
	fail = nil
	if _, err := c.get(t.Context(), 1); err != nil {
		t.Error(err)
	}
	if len(c.known) != 1 || c.recent.Len() != 1 {
		t.Errorf("%d known, %d recent", len(c.known), c.recent.Len())
	}
}
