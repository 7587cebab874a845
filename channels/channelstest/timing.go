package channelstest

import (
	"context"
	"slices"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

const (
	patience = 200 * time.Millisecond // how long the suite lets a silent peer be silent
	grace    = 2 * time.Second        // what a busy machine may add to a deadline
)

func (s *suite) heedsEndedContext() {
	late, cancel := context.WithDeadline(s.Context(), time.Now().Add(-time.Second))
	defer cancel()
	s.late(late)

	cancelled, cancel := context.WithCancel(s.Context())
	cancel()
	s.late(cancelled)
}

func (s *suite) returnsByDeadline() {
	if s.Silent.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	s.late(ctx, s.Silent)
}

func (s *suite) returnsWhenCancelled() {
	if s.Silent.IsZero() {
		return
	}
	ctx, cancel := context.WithCancel(s.Context())
	defer time.AfterFunc(patience, cancel).Stop()
	s.late(ctx, s.Silent)
	s.expect(channels.Sent, s.delivery(s.Accepted))
}

// late sends under a context that ends, or has ended, before an answer comes.
func (s *suite) late(ctx context.Context, to ...rooms.Address) {
	s.Helper()
	d := s.delivery(append(to, s.Accepted)[0])
	done := make(chan channels.Outcome, 1)
	go func() { done <- s.send(ctx, d) }()
	<-ctx.Done()
	select {
	case o := <-done:
		if o.Result != channels.Deferred || !slices.Contains([]rooms.Reason{rooms.TimedOut, rooms.Unknown}, o.Reason) {
			s.Errorf("outcome %+v, want it deferred with reason %q, or %q if the peer may have taken it", o, rooms.TimedOut, rooms.Unknown)
		}
	case <-time.After(grace):
		s.Fatalf("Send has not returned %s after its context ended", grace)
	}
}
