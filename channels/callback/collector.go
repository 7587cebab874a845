package callback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/stream"
)

// Log is what the collector reads and writes of the log.
type Log interface {
	TailEvents(ctx context.Context, after uint64, fn func([]rooms.Event) error) error
	EventsEnd(ctx context.Context) (uint64, error)
	Message(ctx context.Context, sequence uint64) (rooms.Message, error)
	Clients(ctx context.Context) ([]stream.ClientEntry, error)
}

// Queue is where it stands who is to be told.
type Queue interface {
	CallbackCursor(ctx context.Context) (event uint64, known bool, err error)
	MoveCallbackCursor(ctx context.Context, event uint64) error
	AddCallbacks(ctx context.Context, calls []rooms.Callback) error
}

// Index tells how messages stand, and waits until it knows the events up to one.
type Index interface {
	WaitFor(ctx context.Context, messages, events uint64) error
	Message(u rooms.UMID) (index.Summary, error)
}

// Vault opens what messages hold sealed, and seals what is stored of it.
type Vault interface {
	Seal(plaintext []byte, associated ...string) ([]byte, error)
	Unseal(sealed []byte, associated ...string) ([]byte, error)
}

const (
	every    = time.Second // between two callbacks of a message
	most     = 10_000      // messages that have changed and wait to be stored
	patience = 10 * time.Second
)

// Collector stores who is to be told. One node runs it.
type Collector struct {
	Log    Log
	Queue  Queue
	Index  Index
	Vault  Vault
	Logger *slog.Logger
}

// Run works until ctx ends. Where nobody has run before it begins with what happens from now on.
func (c Collector) Run(ctx context.Context) error {
	from, known, err := c.Queue.CallbackCursor(ctx)
	if err == nil && !known {
		from, err = c.Log.EventsEnd(ctx)
	}
	if err != nil {
		return fmt.Errorf("callback: where to begin: %w", err)
	}
	g := &gathering{changed: map[rooms.UMID]uint64{}, at: from, room: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(ctx)
	var storing sync.WaitGroup
	defer storing.Wait()
	defer cancel()
	storing.Go(func() { c.store(ctx, g, from) })
	return c.Log.TailEvents(ctx, from, func(events []rooms.Event) error { return g.take(ctx, events) })
}

// gathering is what has changed since it was last stored.
type gathering struct {
	mu      sync.Mutex
	changed map[rooms.UMID]uint64 // the latest event of each message
	at      uint64                // the latest of all
	room    chan struct{}         // holds one if there is room again
}

// take notes what events change. It waits while too much is to be stored.
func (g *gathering) take(ctx context.Context, events []rooms.Event) error {
	for g.note(events) > most {
		select {
		case <-g.room:
			events = nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (g *gathering) note(events []rooms.Event) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range events {
		g.at = max(g.at, e.Sequence)
		if e.UMID != "" && e.Kind != rooms.EventErased {
			g.changed[e.UMID] = max(g.changed[e.UMID], e.Sequence)
		}
	}
	return len(g.changed)
}

// all gives what has changed, and forgets it.
func (g *gathering) all() (changed map[rooms.UMID]uint64, at uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	changed, at = g.changed, g.at
	g.changed = map[rooms.UMID]uint64{}
	select {
	case g.room <- struct{}{}:
	default:
	}
	return changed, at
}

// store writes down what has changed, every so often, and how far that is.
func (c Collector) store(ctx context.Context, g *gathering, stored uint64) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		changed, at := g.all()
		for at > stored && ctx.Err() == nil {
			err := c.storeAll(ctx, changed, at)
			if err == nil {
				stored = at
			} else if ctx.Err() == nil {
				c.Logger.Warn("callbacks wait to be stored", "messages", len(changed), "error", err)
				pause(ctx, every)
			}
		}
	}
}

func (c Collector) storeAll(ctx context.Context, changed map[rooms.UMID]uint64, at uint64) error {
	calls, err := c.wanted(ctx, changed, at)
	if err == nil && len(calls) > 0 {
		err = c.Queue.AddCallbacks(ctx, calls)
	}
	if err != nil {
		return err
	}
	return c.Queue.MoveCallbackCursor(ctx, at)
}

// wanted are the callbacks that somebody waits for, in the order of their events.
func (c Collector) wanted(ctx context.Context, changed map[rooms.UMID]uint64, at uint64) (calls []rooms.Callback, err error) {
	clients, err := c.clients(ctx)
	if err != nil || len(clients) == 0 || len(changed) == 0 {
		return nil, err
	}
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := c.Index.WaitFor(short, 0, at); err != nil {
		return nil, err
	}
	for u, event := range changed {
		m, err := c.Index.Message(u)
		if errors.Is(err, index.ErrUnknown) || err == nil && !clients.want(m) {
			continue
		}
		if err != nil {
			return nil, err
		}
		call := rooms.Callback{UMID: u, Room: m.Room, Publisher: m.Publisher, Event: event}
		if m.Callback {
			if call.To, err = c.named(ctx, m); err != nil {
				return nil, err
			}
		}
		calls = append(calls, call)
	}
	slices.SortFunc(calls, func(a, b rooms.Callback) int { return int(int64(a.Event) - int64(b.Event)) })
	return calls, nil
}

// told are the clients that are told anything, by name, and whether only where their messages say.
type told map[rooms.Client]stream.ClientEntry

// want says whether somebody waits to be told of a message.
func (t told) want(m index.Summary) bool {
	e, ok := t[m.Publisher]
	return ok && (m.Callback || !e.Nowhere)
}

func (c Collector) clients(ctx context.Context) (told, error) {
	entries, err := c.Log.Clients(ctx)
	all := make(told, len(entries))
	for _, e := range entries {
		all[e.Client] = e
	}
	return all, err
}

// named is the URL that a message itself names, sealed; nothing if only its body has it, and is not kept any more.
func (c Collector) named(ctx context.Context, m index.Summary) ([]byte, error) {
	if sealed := m.SealedCallback(c.Vault); sealed != nil {
		return sealed, nil
	}
	stored, err := c.Log.Message(ctx, m.Sequence)
	if errors.Is(err, stream.ErrGone) || err == nil && stored.UMID != m.UMID {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	at, err := c.open(stored)
	if err != nil || at == "" {
		c.Logger.Error("the callback that a message names cannot be read", "umid", string(m.UMID), "error", err)
		return nil, nil
	}
	return c.Vault.Seal([]byte(at), "callback", string(m.UMID))
}

func (c Collector) open(m rooms.Message) (string, error) {
	if m.Direct {
		plain, err := c.Vault.Unseal(m.Payload, "envelope", string(m.Room), string(m.UMID))
		if err != nil {
			return "", err
		}
		e, err := rooms.DecodeEnvelope(plain)
		return e.Callback.Reveal(), err
	}
	plain, err := c.Vault.Unseal(m.Sealed, "slip", string(m.Room), string(m.UMID))
	if err != nil {
		return "", err
	}
	s, err := rooms.DecodeSlip(plain)
	return s.Callback, err
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
