package replies

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
)

const (
	walksAtOnce = 2  // through all rooms, since whoever writes can cause one
	roomsAtOnce = 16 // of a walk
)

// walks look at many rooms. The zero value is ready.
type walks struct {
	once  sync.Once
	under chan struct{}
}

// each calls fn for every number below n, some at the same time, and gives what it says. Of those that look at many there are
// few at once; the others wait.
func (w *walks) each(ctx context.Context, n int, fn func(ctx context.Context, i int) (bool, error)) ([]bool, error) {
	if n > roomsAtOnce {
		w.once.Do(func() { w.under = make(chan struct{}, walksAtOnce) })
		select {
		case w.under <- struct{}{}:
			defer func() { <-w.under }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	said := make([]bool, n)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(roomsAtOnce)
	for i := range n {
		group.Go(func() (err error) {
			said[i], err = fn(ctx, i)
			return err
		})
	}
	return said, group.Wait()
}
