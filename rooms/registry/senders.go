package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// The refusals of registrations.
var (
	// ErrSenderTaken: another organisation sends from one of the addresses.
	ErrSenderTaken = errors.New("sender of another organisation")
	// ErrUnknownClient: the client is not registered as a sender.
	ErrUnknownClient = errors.New("unknown client")
	// ErrClientExists: the client is registered already.
	ErrClientExists = errors.New("client is registered")
)

// lookAtSenders is the time between two looks at what other nodes have registered.
const lookAtSenders = time.Second

// SenderStore keeps who sends in whose name. PutSender stores on condition that after is the last entry of all.
type SenderStore interface {
	PutSender(ctx context.Context, r rooms.Registration, after uint64) (entry uint64, err error)
	Senders(ctx context.Context, from uint64) (all []rooms.Registration, last uint64, err error)
}

// Senders knows in whose name each client sends. No sender ever belongs to two organisations, whoever registers it where. A
// client that was registered on another node is known here when it names a sender; that a registration was changed or ended
// there is heard of within about a second. A node that cannot read the log goes on with what it knows.
type Senders struct {
	store SenderStore
	log   *slog.Logger

	mu    sync.RWMutex
	known map[rooms.Client]rooms.Registration
	told  uint64 // the latest entry that is known
}

// NewSenders knows nobody yet; Load and Run change that.
func NewSenders(s SenderStore, log *slog.Logger) *Senders {
	return &Senders{store: s, log: log, known: map[rooms.Client]rooms.Registration{}}
}

// Resolve says whom a message is from of which the client has named the sender, or parts of it. ErrSender if it is not
// registered for that, or for anything though one is needed. Without a need, and with nothing named, it is the zero value.
func (s *Senders) Resolve(ctx context.Context, c rooms.Client, named rooms.Sender, needed bool) (rooms.Sender, error) {
	named.Organisation = ""
	sender, err := s.resolve(c, named, needed)
	if !errors.Is(err, rooms.ErrSender) {
		return sender, err
	}
	if err := s.Load(ctx); err != nil { // it may have been registered elsewhere a moment ago
		return rooms.Sender{}, err
	}
	return s.resolve(c, named, needed)
}

func (s *Senders) resolve(c rooms.Client, named rooms.Sender, needed bool) (rooms.Sender, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, ok := s.known[c]
	if !ok && !needed && named.Form() == nil {
		return rooms.Sender{}, nil
	}
	if !ok {
		return rooms.Sender{}, rooms.ErrSender
	}
	return r.Sender(named)
}

// Known is a client's registration as this node has heard of it; the zero value if it has heard of none.
func (s *Senders) Known(c rooms.Client) rooms.Registration {
	r, _, _ := s.look(c)
	return r
}

// Get reads a client's registration as it is now, or says ErrUnknownClient.
func (s *Senders) Get(ctx context.Context, c rooms.Client) (rooms.Registration, error) {
	if err := s.Load(ctx); err != nil {
		return rooms.Registration{}, err
	}
	r, ok, _ := s.look(c)
	if !ok {
		return r, ErrUnknownClient
	}
	return r, nil
}

// List gives all registrations as they are now, in the order of the clients' names.
func (s *Senders) List(ctx context.Context) ([]rooms.Registration, error) {
	if err := s.Load(ctx); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.SortedFunc(maps.Values(s.known), func(a, b rooms.Registration) int { return cmp.Compare(a.Client, b.Client) }), nil
}

// Put registers a client, or changes its registration. ErrClientExists if r.Entry is 0 and it is registered, ErrRevision if
// it is not the present one, ErrSenderTaken if another organisation has one of the senders.
func (s *Senders) Put(ctx context.Context, r rooms.Registration) (rooms.Registration, error) {
	return s.keep(ctx, r, func(was rooms.Registration, known bool) error {
		switch {
		case known && r.Entry == 0:
			return ErrClientExists
		case was.Entry != r.Entry:
			return ErrRevision
		case s.taken(r):
			return ErrSenderTaken
		}
		return nil
	})
}

// Remove ends a client's registration, or says ErrUnknownClient.
func (s *Senders) Remove(ctx context.Context, c rooms.Client) error {
	_, err := s.keep(ctx, rooms.Registration{Client: c}, func(_ rooms.Registration, known bool) error {
		if !known {
			return ErrUnknownClient
		}
		return nil
	})
	return err
}

// keep stores one registration if what was there before allows it, and looks again if somebody else was quicker.
func (s *Senders) keep(ctx context.Context, r rooms.Registration, allowed func(was rooms.Registration, known bool) error) (rooms.Registration, error) {
	for {
		if err := s.Load(ctx); err != nil {
			return r, err
		}
		was, known, told := s.look(r.Client)
		if err := allowed(was, known); err != nil {
			return r, err
		}
		entry, err := s.store.PutSender(ctx, r, told)
		if errors.Is(err, stream.ErrRevision) {
			continue
		}
		if err != nil {
			return r, fmt.Errorf("registry: store a sender: %w", err)
		}
		r.Entry = entry
		s.learn([]rooms.Registration{r}, entry)
		return r, nil
	}
}

// look gives what is known of a client, and the last entry that this stands on.
func (s *Senders) look(c rooms.Client) (r rooms.Registration, known bool, told uint64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, known = s.known[c]
	return r, known, s.told
}

func (s *Senders) taken(r rooms.Registration) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for c, other := range s.known {
		if c != r.Client && r.Contends(other) {
			return true
		}
	}
	return false
}

// Load learns what was stored before the call.
func (s *Senders) Load(ctx context.Context) error {
	s.mu.RLock()
	from := s.told + 1
	s.mu.RUnlock()
	fresh, last, err := s.store.Senders(ctx, from)
	if err != nil {
		return fmt.Errorf("registry: read the senders: %w", err)
	}
	s.learn(fresh, last)
	return nil
}

// learn takes in what is not older than what is known.
func (s *Senders) learn(fresh []rooms.Registration, last uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range fresh {
		switch {
		case one.Entry <= s.known[one.Client].Entry || one.Entry <= s.told:
		case one.Organisation == "":
			delete(s.known, one.Client)
		default:
			s.known[one.Client] = one
		}
	}
	s.told = max(s.told, last)
}

// Run follows what other nodes register, until ctx ends.
func (s *Senders) Run(ctx context.Context) error {
	return follow(ctx, lookAtSenders, s.Load, s.log, "who sends in whose name cannot be read; what is known holds")
}
