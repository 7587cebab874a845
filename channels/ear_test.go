package channels_test

import (
	"context"
	"errors"
	"testing"

	"github.com/govcrier/crier/channels"
)

// Of several listeners the last one hears, until he ends; what he fails at is told.
func TestEar(t *testing.T) {
	var e channels.Ear[int]
	if err := e.Tell(t.Context(), 1); !errors.Is(err, channels.ErrNobody) || e.Listened() {
		t.Errorf("nobody listens: %v", err)
	}
	heard := map[string]int{}
	by := func(name string) func(context.Context, int) error {
		return func(_ context.Context, n int) error {
			heard[name] += n
			if n > 10 {
				return errors.New("too much")
			}
			return nil
		}
	}
	endFirst := e.Begin(by("first"))
	endSecond := e.Begin(by("second"))
	if err := e.Tell(t.Context(), 2); err != nil || heard["second"] != 2 || heard["first"] != 0 {
		t.Errorf("heard %v, %v", heard, err)
	}
	endFirst() // somebody else listens already
	if err := e.Tell(t.Context(), 11); err == nil || !e.Listened() {
		t.Errorf("a failure is not told: %v", err)
	}
	endSecond()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- e.Listen(ctx, by("third")) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) || e.Listened() {
		t.Errorf("it listens still: %v", err)
	}
}
