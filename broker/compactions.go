package broker

import (
	"context"
	"fmt"
	"sync"
)

// compactions are the RAFT logs of this node that are being shortened, each by one at a time.
type compactions struct {
	mu     sync.Mutex
	groups map[string]*compaction
}

type compaction struct {
	turn chan struct{} // holds who shortens it
	done uint64        // the last entry of which nothing is left; of whoever has the turn
}

func (c *compactions) of(group string) *compaction {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.groups == nil {
		c.groups = map[string]*compaction{}
	}
	if c.groups[group] == nil {
		c.groups[group] = &compaction{turn: make(chan struct{}, 1)}
	}
	return c.groups[group]
}

// join has a log forget its entries up to one: by run, which tells how far it got, unless another has got that far while
// this one waited. It fails with ctx, which bounds the waiting.
func (c *compactions) join(ctx context.Context, group string, upTo uint64, run func() (uint64, error)) error {
	one := c.of(group)
	select {
	case one.turn <- struct{}{}:
		defer func() { <-one.turn }()
	case <-ctx.Done():
		return fmt.Errorf("broker: wait for another to shorten %s: %w", group, ctx.Err())
	}
	if upTo <= one.done {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("broker: shorten %s: %w", group, err)
	}
	done, err := run()
	if err != nil {
		return err
	}
	one.done = done
	return nil
}
