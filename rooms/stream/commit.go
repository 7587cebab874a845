package stream

import (
	"context"
	"errors"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Below batchFrom waiting entries, one by one is faster than an atomic batch, which costs a
// fixed 2 to 4 ms.
const batchFrom = 20

// maxBatchBytes bounds the memory of a batch and the time that others wait for it.
const maxBatchBytes = 8 << 20

// appended is where an entry stands.
type appended struct {
	sequence  uint64
	duplicate bool // it stood there before, under the same id
	err       error
}

// entry waits for its commit.
type entry struct {
	msg  *nats.Msg
	done chan appended
}

// committer appends to one stream. While as many commits as may be are in flight, arrivals wait;
// when one returns, all that wait go together.
type committer struct {
	nc       *nats.Conn
	patience patience
	stored   func(sequence uint64) // hears of each commit
	in       chan *entry
	flights  chan struct{} // holds one for each commit in flight
	stop     chan struct{}
	stopped  sync.WaitGroup
}

// On one node a write waits for the disk by itself, so what arrives meanwhile had better go
// together with the next. Replicas gather by themselves what is on its way to the disk.
const (
	flightsAlone      = 1
	flightsReplicated = 64
)

func newCommitter(nc *nats.Conn, p patience, flights int, stored func(uint64)) *committer {
	c := &committer{
		nc: nc, patience: p, stored: stored, in: make(chan *entry, maxBatch),
		flights: make(chan struct{}, flights), stop: make(chan struct{}),
	}
	c.stopped.Go(c.run)
	return c
}

func (c *committer) close() {
	close(c.stop)
	c.stopped.Wait()
}

// append returns once the message is durable. If ctx ends first the message may still be
// stored. Where nobody waits and another commit may be in flight, the caller commits by himself, which
// saves handing over.
func (c *committer) append(ctx context.Context, m *nats.Msg) appended {
	if len(c.in) > 0 || !c.begin() {
		return c.appendAll(ctx, []*nats.Msg{m})[0]
	}
	defer c.end()
	e := &entry{m, make(chan appended, 1)}
	c.commit([]*entry{e})
	return <-e.done
}

// begin says whether another commit may be in flight, until end.
func (c *committer) begin() bool {
	select {
	case c.flights <- struct{}{}:
		return true
	default:
		return false
	}
}

func (c *committer) end() { <-c.flights }

// appendAll hands in several messages and waits for all of them. Few that go one by one may be
// stored in another order.
func (c *committer) appendAll(ctx context.Context, msgs []*nats.Msg) []appended {
	entries := make([]*entry, len(msgs))
	out := make([]appended, len(msgs))
	for i, m := range msgs {
		entries[i] = &entry{m, make(chan appended, 1)}
		select {
		case c.in <- entries[i]:
		case <-ctx.Done():
			entries[i].done <- appended{err: ErrUnavailable}
		case <-c.stop:
			entries[i].done <- appended{err: ErrUnavailable}
		}
	}
	for i, e := range entries {
		select {
		case out[i] = <-e.done:
		case <-ctx.Done():
			out[i] = appended{err: ErrUnavailable}
		case <-c.stop:
			out[i] = appended{err: ErrUnavailable}
		}
	}
	return out
}

// appendEach stores messages of which only the first failure matters.
func (c *committer) appendEach(ctx context.Context, msgs []*nats.Msg) error {
	if len(msgs) == 1 {
		return c.append(ctx, msgs[0]).err
	}
	for _, a := range c.appendAll(ctx, msgs) {
		if a.err != nil {
			return a.err
		}
	}
	return nil
}

func (c *committer) run() {
	for {
		select {
		case e := <-c.in:
			c.flights <- struct{}{}
			batch := c.gather(e)
			c.stopped.Go(func() {
				defer c.end()
				c.commit(batch)
			})
		case <-c.stop:
			return
		}
	}
}

// gather takes what waits, up to the size of a batch.
func (c *committer) gather(first *entry) []*entry {
	batch, size := []*entry{first}, len(first.msg.Data)
	for len(batch) < maxBatch && size < maxBatchBytes {
		select {
		case e := <-c.in:
			batch, size = append(batch, e), size+len(e.msg.Data)
		default:
			return batch
		}
	}
	return batch
}

// commit stores entries; those with an id that an earlier one of them has follow in a second
// round, where JetStream answers that it knows them.
func (c *committer) commit(entries []*entry) {
	seen := make(map[string]bool, len(entries))
	var first, again []*entry
	for _, e := range entries {
		id := e.msg.Header.Get(jetstream.MsgIDHeader)
		if id != "" && seen[id] {
			again = append(again, e)
			continue
		}
		seen[id] = true
		first = append(first, e)
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.patience.total)
	defer cancel()
	c.store(ctx, first)
	if len(again) > 0 {
		c.commit(again)
	}
}

// store appends entries of distinct ids, as one batch or one by one.
func (c *committer) store(ctx context.Context, entries []*entry) {
	if len(entries) < batchFrom {
		c.storeSingly(ctx, entries)
		return
	}
	msgs := make([]*nats.Msg, len(entries))
	for i, e := range entries {
		msgs[i] = e.msg
	}
	a, attempts, err := c.insist(ctx, func(ctx context.Context) (ack, error) { return publishBatch(ctx, c.nc, msgs) })
	switch {
	case err == nil:
		first := a.Sequence - uint64(len(entries)) + 1
		for i, e := range entries {
			e.done <- appended{sequence: first + uint64(i)}
		}
	case refused(err) && attempts > 1: // an attempt whose answer was lost has probably stored them all
		c.storeSingly(ctx, entries)
	case refused(err): // perhaps for one of them only
		half := len(entries) / 2
		c.store(ctx, entries[:half])
		c.store(ctx, entries[half:])
	default:
		for _, e := range entries {
			e.done <- appended{err: err}
		}
	}
}

// refused says that a batch was turned down for what is in it: a known id, or an entry that the
// log does not take. Nothing of it was stored.
func refused(err error) bool {
	return !errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrFull)
}

func (c *committer) storeSingly(ctx context.Context, entries []*entry) {
	if len(entries) == 1 {
		c.storeOne(ctx, entries[0])
		return
	}
	var all sync.WaitGroup
	for _, e := range entries {
		all.Go(func() { c.storeOne(ctx, e) })
	}
	all.Wait()
}

func (c *committer) storeOne(ctx context.Context, e *entry) {
	a, _, err := c.insist(ctx, func(ctx context.Context) (ack, error) { return publish(ctx, c.nc, e.msg) })
	e.done <- appended{sequence: a.Sequence, duplicate: a.Duplicate, err: err}
}

// insist repeats a call with the same ids while the log does not answer, until ctx ends.
func (c *committer) insist(ctx context.Context, call func(context.Context) (ack, error)) (a ack, attempts int, err error) {
	err = c.patience.insist(ctx, c.stop, func(ctx context.Context) error {
		attempts++
		a, err = call(ctx)
		return err
	})
	if err == nil {
		c.stored(a.Sequence)
	}
	return a, attempts, err
}
