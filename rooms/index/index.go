package index

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/govcrier/crier/rooms/crash"
)

var (
	// ErrUnknown says that no such message is in the index.
	ErrUnknown = errors.New("index: unknown message")
	// ErrClosed says that the index was closed.
	ErrClosed = errors.New("index: closed")

	errSchema = errors.New("index: another schema or source")
	errAnew   = errors.New("index: begun anew")
)

// schema is the version of keys and values. Whoever changes them counts it up: files of
// another version are folded anew.
const schema = 8

const (
	schemaKey   = "schema"
	messagesKey = "p:messages"
	eventsKey   = "p:events"
)

// Index answers from the file of one node. Its methods are safe for concurrent use.
type Index struct {
	options  Options
	store    atomic.Pointer[store]
	suspect  atomic.Bool // a value could not be read
	begun    atomic.Int64
	position *progress
	counts   *counters

	writing    sync.Mutex // one transaction at a time; it guards what follows
	cache      *cache
	generation int           // how often the file was begun anew
	anew       chan struct{} // closed when that happens again
	closed     bool
	trimAt     time.Time
}

// Open opens the index, and makes its file and folder if they are not there. A file that is
// damaged, or of another schema or source, is deleted and begun anew.
func Open(o Options) (*Index, error) {
	if err := errors.Join(o.Check()...); err != nil {
		return nil, err
	}
	o = o.WithDefaults()
	if err := os.MkdirAll(filepath.Dir(o.Path), 0o700); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	x := &Index{options: o, cache: newCache(o.CacheBytes), position: newProgress(),
		counts: newCounters(o.Metrics), anew: make(chan struct{})}
	err := x.open()
	if unusable(err) {
		err = x.beginAnew(err)
	}
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	return x, nil
}

// open opens the file as it is and takes the position from it.
func (x *Index) open() error {
	s, err := openStore(x.options.Path)
	if err != nil {
		return err
	}
	s.ids = newFilter(x.options.Transactions)
	if err := errors.Join(x.check(s), s.ids.fill(s)); err != nil {
		return errors.Join(err, s.close())
	}
	x.store.Store(s)
	return nil
}

// check reads what a file is and where it stands, and marks a new one.
func (x *Index) check(s *store) error {
	return s.update(context.Background(), func(tx transaction) error {
		if err := x.checkSchema(tx); err != nil {
			return err
		}
		messages, _, err := read[number](tx, messagesKey)
		if err != nil {
			return err
		}
		events, _, err := read[number](tx, eventsKey)
		if err != nil {
			return err
		}
		x.position.set(uint64(*messages), uint64(*events))
		return nil
	})
}

func (x *Index) checkSchema(tx transaction) error {
	want := fmt.Sprintf("%d %s", schema, x.options.Source)
	values, err := tx.get(schemaKey)
	if err != nil {
		return err
	}
	has, marked := values[schemaKey]
	if marked && string(has) == want {
		return nil
	}
	if n, err := tx.len(); err != nil || n > 0 {
		return errors.Join(errSchema, err)
	}
	return tx.set(schemaKey, []byte(want))
}

// beginAnew deletes the file and opens a new one. The tails of the log begin again too.
func (x *Index) beginAnew(why error) error {
	x.options.Logger.Warn("index begun anew", "path", x.options.Path, "reason", why)
	x.counts.anew.Inc()
	x.generation++
	x.begun.Add(1)
	close(x.anew)
	x.anew = make(chan struct{})
	x.cache.clear()
	x.position.set(0, 0)
	if x.options.Observer != nil {
		x.options.Observer.Anew()
	}
	if s := x.store.Load(); s != nil {
		_ = s.close() // of a damaged file; its content is not wanted any more
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(x.options.Path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	x.suspect.Store(false)
	return x.open()
}

// beginAgain begins anew while tails run: errAnew tells them to begin again too.
func (x *Index) beginAgain(why error) error {
	if err := x.beginAnew(why); err != nil {
		x.suspect.Store(true) // the next transaction tries again
		return err
	}
	return errAnew
}

// Close closes the file after the transaction that is under way. Who waits gets ErrClosed.
func (x *Index) Close() error {
	x.writing.Lock()
	defer x.writing.Unlock()
	if x.closed {
		return nil
	}
	x.closed = true
	x.position.close()
	return x.store.Load().close()
}

// foldedTo is how far a transaction has folded the log; 0 where it folded nothing.
type foldedTo struct{ messages, events uint64 }

// write runs one transaction of the writer. A damaged file is begun anew and errAnew given.
func (x *Index) write(ctx context.Context, generation int, to foldedTo, fn func(*batch) error) error {
	x.writing.Lock()
	defer x.writing.Unlock()
	if x.closed {
		return ErrClosed
	}
	if x.suspect.Load() {
		return x.beginAgain(errDamaged)
	}
	if generation != x.generation {
		return errAnew
	}
	s := x.store.Load()
	var b *batch
	err := s.update(ctx, func(tx transaction) error {
		b = newBatch(tx, x.cache, s.ids, x.options)
		return transact(b, fn)
	})
	if err == nil {
		if x.options.Observer != nil && len(b.fresh) > 0 {
			x.options.Observer.Accepted(b.fresh)
		}
		x.cache.shrink()
		x.position.advance(to.messages, to.events) // before the file can be begun anew
		return nil
	}
	x.cache.clear()
	if damaged(err) {
		return x.beginAgain(err)
	}
	return err
}

func transact(b *batch, fn func(*batch) error) error {
	if err := fn(b); err != nil {
		return err
	}
	if err := b.finish(); err != nil {
		return err
	}
	crash.Point("index-write")
	return nil
}

// Generation counts how often the index was begun anew since it was opened. Until the fold has
// come to the log's end again, what was known may be unknown.
func (x *Index) Generation() int64 { return x.begun.Load() }

// Anew is closed when the index is begun anew next.
func (x *Index) Anew() <-chan struct{} {
	x.writing.Lock()
	defer x.writing.Unlock()
	return x.anew
}
