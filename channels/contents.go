package channels

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/templates"
)

// opened is what all deliveries of a message share.
type opened struct {
	umid       rooms.UMID
	kind       rooms.Type
	receivedAt time.Time // or when it was to be sent, if that is later
	accepted   time.Time // when the gateway took it; of one time of a series, the series
	content    *templates.Content
	published  []byte // the content as it was published
	from       rooms.Sender
	exercise   bool
	own        bool // what crier itself has to say
}

// weight is about what it takes in memory, in bytes.
func (o opened) weight() int {
	const around = 512
	if o.content == nil {
		return around + len(o.published)
	}
	return around + len(o.published) + o.content.Weight()
}

// contents keeps what was opened last, up to a limit in bytes. Of many who want the same
// message at once one opens it, the others wait. Failures are not kept.
type contents struct {
	open  func(ctx context.Context, sequence uint64) (opened, error)
	limit int

	mu     sync.Mutex
	known  map[uint64]*list.Element // of *entry
	recent *list.List               // the latest used in front
	bytes  int
}

type entry struct {
	sequence uint64
	ready    chan struct{} // closed when what follows is there
	value    opened
	err      error
	weight   int
}

func newContents(limit int, open func(context.Context, uint64) (opened, error)) *contents {
	return &contents{open: open, limit: limit, known: map[uint64]*list.Element{}, recent: list.New()}
}

// get gives the message at a position of the room's log.
func (c *contents) get(ctx context.Context, sequence uint64) (opened, error) {
	e, mine := c.enter(sequence)
	if mine {
		e.value, e.err = c.open(ctx, sequence)
		close(e.ready)
		c.settle(e)
	}
	select {
	case <-e.ready:
		return e.value, e.err
	case <-ctx.Done():
		return opened{}, ctx.Err()
	}
}

// enter finds the entry, or makes one that is the caller's to fill.
func (c *contents) enter(sequence uint64) (e *entry, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.known[sequence]; ok {
		c.recent.MoveToFront(at)
		return at.Value.(*entry), false
	}
	e = &entry{sequence: sequence, ready: make(chan struct{})}
	c.known[sequence] = c.recent.PushFront(e)
	return e, true
}

// settle weighs a filled entry and drops the least used while there is too much.
func (c *contents) settle(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.known[e.sequence]
	if !ok || at.Value != e {
		return
	}
	if e.err != nil {
		c.drop(at)
		return
	}
	e.weight = e.value.weight()
	c.bytes += e.weight
	for c.bytes > c.limit && c.recent.Len() > 0 {
		c.drop(c.recent.Back())
	}
}

func (c *contents) drop(at *list.Element) {
	e := c.recent.Remove(at).(*entry)
	delete(c.known, e.sequence)
	c.bytes -= e.weight
}
