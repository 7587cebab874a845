package lease

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"github.com/govcrier/crier/rooms/stream"
)

// Store keeps leases.
type Store interface {
	// Lease reads a lease; its revision is 0 if nobody has ever held it.
	Lease(ctx context.Context, name string) (stream.Lease, error)
	// Change writes a lease if its revision is still the latest: else stream.ErrRevision. After
	// any other error it may have been written.
	Change(ctx context.Context, name string, l stream.Lease) (revision uint64, err error)
}

var _ Store = (*stream.Leases)(nil)

// Work is what the holder of a lease does, until ctx ends. Epoch counts up from one time that the
// lease is taken to the next, on whatever node. held says whether it is certain at this moment
// that nobody else holds it: to be asked before each step that another must not do as well.
type Work = func(ctx context.Context, epoch uint64, held func() bool) error

// Leases are what this process holds.
type Leases struct {
	store   Store
	options Options
	process string // this life of the node
}

// New makes the leases of a process.
func New(s Store, o Options) *Leases {
	return &Leases{store: s, options: o.WithDefaults(), process: rand.Text()}
}

// Hold does the work whenever this node holds the lease, until ctx ends; then it gives the lease
// back. Work that ends by itself gives it back too, and does not come again for a TTL, so that
// another node may try. A name may be held once in a process.
func (l *Leases) Hold(ctx context.Context, name string, work Work) error {
	c := &contender{Leases: l, name: name, log: l.options.Log.With("lease", name), slow: pace{Options: l.options}}
	gauge := l.options.Metrics.GetOrCreateGauge(fmt.Sprintf(`crier_lease_held{name=%q}`, name), nil)
	for ctx.Err() == nil {
		t, wait := c.take(ctx)
		if t != nil {
			gauge.Set(1)
			wait = t.serve(ctx, work)
			gauge.Set(0)
		}
		sleep(ctx, wait)
	}
	return ctx.Err()
}

// contender watches one lease until it can be taken.
type contender struct {
	*Leases
	name  string
	log   *slog.Logger
	seen  uint64        // the latest revision of somebody else
	since time.Time     // when it was seen first
	ttl   time.Duration // for which it is left to him
	known uint64        // the latest revision of our own whose answer came, or that was found
	slow  pace
}

// take takes the lease if that may be done now; if not it says when to try again.
func (c *contender) take(ctx context.Context) (*term, time.Duration) {
	last, err := c.read(ctx)
	if err != nil {
		return nil, c.options.retry() // nobody else can take it either
	}
	c.find(last)
	now, times := time.Now(), c.slow.times()
	reason := c.reason(last, now)
	if reason == "" {
		rest := c.ttl - now.Sub(c.since)
		return nil, min(c.options.look(), max(rest, c.options.retry()))
	}
	revision, err := c.change(ctx, stream.Lease{Revision: last.Revision})
	if err != nil {
		return nil, c.options.retry() // if it was written all the same, the next look tells
	}
	c.log.Info("lease taken", "reason", reason, "epoch", revision)
	return newTerm(c, revision, now, times), 0
}

// reason says why a lease may be taken; "" if it may not.
func (c *contender) reason(last stream.Lease, now time.Time) string {
	switch {
	case last.Revision < c.seen: // an old answer
		return ""
	case last.Revision == 0:
		return "nobody has held it yet"
	case last.Free:
		return last.Node + " has given it back"
	case last.Node == c.options.Node && last.Process != c.process:
		return "it was held by an earlier life of this node"
	case last.Node == c.options.Node:
		return "it was held here and nobody has taken it since"
	case last.Revision > c.seen:
		c.seen, c.since, c.ttl = last.Revision, now, c.ttlOf(last)
		return ""
	case now.Sub(c.since) < c.ttl:
		return ""
	}
	return last.Node + " gives no sign of life"
}

// read asks for the lease, for no longer than an answer may take.
func (c *contender) read(ctx context.Context) (stream.Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.look())
	defer cancel()
	return c.store.Lease(ctx, c.name)
}

// change writes the lease in the name of this process. It is seen through even if ctx ends: what
// nobody knows the outcome of could not be given back.
func (c *contender) change(ctx context.Context, l stream.Lease) (uint64, error) {
	times := c.slow.times()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), times.look())
	defer cancel()
	l.Node, l.Process = c.options.Node, c.process
	if times.TTL > c.options.TTL {
		l.TTL = times.TTL.Milliseconds()
	}
	began := time.Now()
	revision, err := c.store.Change(ctx, c.name, l)
	if err == nil {
		c.known = revision
		c.slow.answered(time.Since(began))
	}
	return revision, err
}

// find learns from what is stored: an entry of our own whose answer has not come was stored too late for how long we wait.
func (c *contender) find(last stream.Lease) {
	if c.mine(last) && last.Revision > c.known {
		c.known = last.Revision
		c.slow.late()
	}
}

// ttlOf is for how long a lease is left to its holder.
func (c *contender) ttlOf(l stream.Lease) time.Duration {
	return max(c.options.TTL, time.Duration(l.TTL)*time.Millisecond)
}

// mine says whether a lease is held by this process.
func (c *contender) mine(l stream.Lease) bool {
	return l.Node == c.options.Node && l.Process == c.process && !l.Free
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
