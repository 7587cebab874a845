package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// lookAtSuppressions is the time between two looks at what other nodes have learnt.
const lookAtSuppressions = time.Second

// ErrUnknownSuppression says that nothing keeps an address from being written to.
var ErrUnknownSuppression = errors.New("unknown suppression")

// SuppressionStore keeps which addresses take nothing. Suppressions gives what is known from an entry on.
type SuppressionStore interface {
	PutSuppression(ctx context.Context, s rooms.Suppression) (entry uint64, err error)
	Suppressions(ctx context.Context, from uint64) ([]rooms.Suppression, error)
}

// SuppressionOptions say how long an address that was refused is left alone. The zero value works.
type SuppressionOptions struct {
	// First is how long after the first refusal; it doubles with each that follows. Default 720h, thirty days.
	First time.Duration `yaml:"first"`
	// Most is the longest. Default 8760h, a year.
	Most time.Duration `yaml:"most"`
}

// WithDefaults fills in what was left at its zero value.
func (o SuppressionOptions) WithDefaults() SuppressionOptions {
	o.First = cmp.Or(o.First, 30*24*time.Hour)
	o.Most = cmp.Or(o.Most, 365*24*time.Hour)
	return o
}

// Check names every fault.
func (o SuppressionOptions) Check() []error {
	if o = o.WithDefaults(); o.First < time.Minute || o.Most < o.First {
		return []error{errors.New("first is at least 1m, and most no less")}
	}
	return nil
}

// Suppressions knows the addresses that take nothing, over all rooms, by their keyed hashes: nobody can read here whose
// they are. An address comes in when its own mail server says that it does not exist, to
// the relay or in a report on a message that went there, and goes out in time, when something
// is delivered there all the same, or by hand; what was refused once is remembered longer with each refusal that follows. It
// is known here at once, and on other nodes within about a second. Under a new hash key an address is known as long as the
// former key is enabled.
type Suppressions struct {
	store   SuppressionStore
	vault   Vault
	options SuppressionOptions
	log     *slog.Logger
	now     func() time.Time

	mu    sync.RWMutex
	known map[rooms.SuppressionID]rooms.Suppression // the removed ones too
	tried map[string]rooms.SuppressionID            // deliveries of which a receipt is awaited
	told  uint64
}

// NewSuppressions knows nothing yet; Load and Run change that.
func NewSuppressions(s SuppressionStore, v Vault, o SuppressionOptions, now func() time.Time, log *slog.Logger) *Suppressions {
	return &Suppressions{store: s, vault: v, options: o.WithDefaults(), log: log, now: now,
		known: map[rooms.SuppressionID]rooms.Suppression{}, tried: map[string]rooms.SuppressionID{}}
}

func (s *Suppressions) ids(e rooms.Endpoint) []rooms.SuppressionID {
	return s.hashes("suppression", string(e.Channel), e.Address.Same())
}

// hashes are what something is known by, one for each key in use.
func (s *Suppressions) hashes(purpose string, parts ...string) []rooms.SuppressionID {
	hashes := s.vault.HashAll(purpose, parts...)
	out := make([]rooms.SuppressionID, len(hashes))
	for i, h := range hashes {
		out[i] = rooms.SuppressionID(h)
	}
	return out
}

// Find gives what is known of an address, or ErrUnknownSuppression.
func (s *Suppressions) Find(e rooms.Endpoint) (rooms.Suppression, error) {
	one, ok := s.find(s.ids(e))
	if !ok {
		return one, ErrUnknownSuppression
	}
	return one, nil
}

func (s *Suppressions) find(ids []rooms.SuppressionID) (rooms.Suppression, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, id := range ids {
		if one, ok := s.known[id]; ok && !one.Gone {
			return one, true
		}
	}
	return rooms.Suppression{}, false
}

// Holds says whether nothing is to be sent to an address now, out of memory.
func (s *Suppressions) Holds(e rooms.Endpoint) bool {
	s.mu.RLock()
	none := len(s.known) == 0
	s.mu.RUnlock()
	if none {
		return false
	}
	one, err := s.Find(e)
	return err == nil && one.Holds(s.now())
}

// Refused notes that an address does not exist, as an attempt has shown. The same attempt counts once.
func (s *Suppressions) Refused(ctx context.Context, e rooms.Endpoint, reason rooms.Reason, attempt string) error {
	ids := s.ids(e)
	for {
		one, known := s.find(ids)
		if one.Cause == attempt || s.wasFor(ids, attempt) || one.Reason == complaint && one.Holds(s.now()) {
			return nil
		}
		if !known {
			one.ID = ids[0]
			one.Entry = s.entry(one.ID)
		}
		now := s.now().UTC().Truncate(time.Millisecond)
		one.Channel, one.Reason, one.Cause, one.Tried, one.Since = e.Channel, reason, attempt, "", now
		one.Times++
		one.Until = now.Add(s.pause(one.Times))
		if err := s.put(ctx, one); !errors.Is(err, stream.ErrRevision) {
			return err
		}
	}
}

// lifted is what remains of a suppression that is gone: what it was for, so that the same does not bring it back.
func lifted(s rooms.Suppression) rooms.Suppression {
	return rooms.Suppression{ID: s.ID, Entry: s.Entry, Cause: s.Cause, Gone: true}
}

// wasFor says whether a suppression that is gone was for the same.
func (s *Suppressions) wasFor(ids []rooms.SuppressionID, cause string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.ContainsFunc(ids, func(id rooms.SuppressionID) bool {
		one := s.known[id]
		return one.Gone && one.Cause == cause
	})
}

// pause is how long an address is left alone that was refused so many times.
func (s *Suppressions) pause(times int) time.Duration {
	d := s.options.First
	for range times - 1 {
		if d *= 2; d >= s.options.Most {
			return s.options.Most
		}
	}
	return min(d, s.options.Most)
}

// Taken notes that something was taken at an address, which a complaint outlasts: if a receipt is to follow that has the last word, else this is it.
func (s *Suppressions) Taken(ctx context.Context, e rooms.Endpoint, delivery string, receipt bool) error {
	s.mu.RLock()
	none := len(s.known) == 0
	s.mu.RUnlock()
	if none {
		return nil
	}
	for {
		one, known := s.find(s.ids(e))
		if !known || receipt && one.Tried == delivery || one.Reason == complaint {
			return nil
		}
		if receipt {
			one.Tried = delivery
		} else {
			one = lifted(one)
		}
		if err := s.put(ctx, one); !errors.Is(err, stream.ErrRevision) {
			return err
		}
	}
}

// Delivered notes that a delivery has arrived, as a receipt says.
func (s *Suppressions) Delivered(ctx context.Context, delivery string) error {
	s.mu.RLock()
	id, ok := s.tried[delivery]
	s.mu.RUnlock()
	if !ok {
		return nil
	}
	return unless(s.Remove(ctx, id), ErrUnknownSuppression)
}

// Remove has an address written to again, or says ErrUnknownSuppression.
func (s *Suppressions) Remove(ctx context.Context, id rooms.SuppressionID) error {
	for {
		one, known := s.find([]rooms.SuppressionID{id})
		if !known {
			return ErrUnknownSuppression
		}
		if err := s.put(ctx, lifted(one)); !errors.Is(err, stream.ErrRevision) {
			return err
		}
	}
}

// Exists takes back that an address does not exist, if that is known; a complaint stands. It is no error if there is nothing to take back.
func (s *Suppressions) Exists(ctx context.Context, e rooms.Endpoint) error {
	one, known := s.find(s.ids(e))
	if !known || one.Reason == complaint {
		return nil
	}
	return unless(s.Remove(ctx, one.ID), ErrUnknownSuppression)
}

// List gives what is known, in the order of the entries, after one and at most so many.
func (s *Suppressions) List(after uint64, limit int) (all []rooms.Suppression, next uint64) {
	s.mu.RLock()
	for _, one := range s.known {
		if one.Entry > after && !one.Gone {
			all = append(all, one)
		}
	}
	s.mu.RUnlock()
	slices.SortFunc(all, func(a, b rooms.Suppression) int { return cmp.Compare(a.Entry, b.Entry) })
	if len(all) > limit {
		all = all[:limit]
		next = all[limit-1].Entry
	}
	return all, next
}

func (s *Suppressions) entry(id rooms.SuppressionID) uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.known[id].Entry
}

// put stores, or says stream.ErrRevision when it knows what somebody else has stored.
func (s *Suppressions) put(ctx context.Context, one rooms.Suppression) error {
	entry, err := s.store.PutSuppression(ctx, one)
	if errors.Is(err, stream.ErrRevision) {
		return errors.Join(err, s.Load(ctx))
	}
	if err != nil {
		return fmt.Errorf("registry: store a suppression: %w", err)
	}
	one.Entry = entry
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(one)
	return nil
}

// set learns one, under s.mu.
func (s *Suppressions) set(one rooms.Suppression) {
	old := s.known[one.ID]
	if old.Entry >= one.Entry {
		return
	}
	delete(s.tried, old.Tried)
	if one.Tried != "" {
		s.tried[one.Tried] = one.ID
	}
	s.known[one.ID] = one
}

// Load learns what was stored before the call.
func (s *Suppressions) Load(ctx context.Context) error {
	s.mu.RLock()
	from := s.told + 1
	s.mu.RUnlock()
	fresh, err := s.store.Suppressions(ctx, from)
	if err != nil {
		return fmt.Errorf("registry: read the suppressions: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range fresh {
		s.set(one)
		s.told = max(s.told, one.Entry)
	}
	return nil
}

// Run follows what other nodes learn, until ctx ends.
func (s *Suppressions) Run(ctx context.Context) error {
	return follow(ctx, lookAtSuppressions, s.Load, s.log, "which addresses take nothing cannot be read; what is known holds")
}
