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

// lookAtPolicies is the time between two looks at what other nodes have changed.
const lookAtPolicies = time.Second

// PolicyStore keeps the revisions of policies. Policies gives those that were stored or changed from an entry on.
type PolicyStore interface {
	PutPolicy(ctx context.Context, p rooms.PolicyRevision) (entry uint64, err error)
	Policies(ctx context.Context, from uint64) ([]rooms.PolicyRevision, error)
}

// Policies knows the revisions of all policies. What is asked for and not known here is looked for in the log; a
// newer revision that was published on another node applies here within about a second.
type Policies struct {
	// Published hears of a revision of the standard policy that this node has published; nobody does if nil.
	Published func(rooms.PolicyRevision)

	store    PolicyStore
	sealer   Sealer
	rooms    RoomLister
	standard rooms.Policy // as configured
	longest  time.Duration
	log      *slog.Logger
	now      func() time.Time

	settling sync.Mutex // held while the revision of the standard policy is sought

	mu      sync.RWMutex
	known   map[rooms.Revision]rooms.PolicyRevision
	current map[string]rooms.Policy // the latest published revision of each name
	told    uint64                  // the latest entry that is known
}

// NewPolicies knows nothing but what is configured as the standard policy; Run follows the log. No other policy lets a message
// expire later than longest after it was accepted. Whom a policy asks is stored sealed.
func NewPolicies(s PolicyStore, v Sealer, r RoomLister, standard rooms.Policy, longest time.Duration, log *slog.Logger) *Policies {
	return &Policies{
		store: s, sealer: v, rooms: r, standard: standard, longest: longest, log: log, now: time.Now,
		known:   map[rooms.Revision]rooms.PolicyRevision{},
		current: map[string]rooms.Policy{},
	}
}

// Run follows what other nodes change, until ctx ends.
func (p *Policies) Run(ctx context.Context) error {
	const failed = "the policies cannot be read; those known apply"
	if err := p.load(ctx); err != nil && ctx.Err() == nil {
		p.log.Warn(failed, "error", err)
	}
	return follow(ctx, lookAtPolicies, p.load, p.log, failed)
}

// load learns what was stored before the call, and settles the standard policy if that is not done.
func (p *Policies) load(ctx context.Context) error {
	if err := p.read(ctx); err != nil {
		return err
	}
	return p.settle(ctx)
}

// read learns what was stored before the call.
func (p *Policies) read(ctx context.Context) error {
	p.mu.RLock()
	from := p.told + 1
	p.mu.RUnlock()
	fresh, err := p.store.Policies(ctx, from)
	if err != nil {
		return fmt.Errorf("registry: read the policies: %w", err)
	}
	for _, one := range fresh {
		p.set(p.unsealed(one))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range fresh {
		p.told = max(p.told, one.Entry)
	}
	return nil
}

func (p *Policies) set(one rooms.PolicyRevision) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known[one.Revision].Entry >= one.Entry {
		return
	}
	p.known[one.Revision] = one
	if one.Name == p.standard.Name { // of which that applies which is configured: see settle
		return
	}
	delete(p.current, one.Name)
	for _, other := range p.known {
		if other.Name == one.Name && other.State == rooms.PolicyPublished && other.Revision.Revision > p.current[one.Name].Revision.Revision {
			p.current[one.Name] = other.Policy
		}
	}
}

// Current gives the latest published revision of a policy, or ErrUnknownPolicy. No name stands for the standard one, of
// which it gives the revision that says what is configured here.
func (p *Policies) Current(ctx context.Context, name string) (rooms.Policy, error) {
	name = cmp.Or(name, p.standard.Name)
	look := func() (rooms.Policy, bool) {
		p.mu.RLock()
		defer p.mu.RUnlock()
		c, ok := p.current[name]
		return c, ok
	}
	c, ok := look()
	if !ok {
		if err := p.load(ctx); err != nil {
			return rooms.Policy{}, err
		}
		if c, ok = look(); !ok {
			return rooms.Policy{}, ErrUnknownPolicy
		}
	}
	if name != p.standard.Name {
		c.Expiry = min(c.Expiry, p.longest)
	}
	return c, nil
}

// Policy gives the rules of a revision that messages were accepted under, or ErrUnknownPolicy.
func (p *Policies) Policy(ctx context.Context, r rooms.Revision) (rooms.Policy, error) {
	one, ok := p.look(r)
	if !ok && r.Name == p.standard.Name {
		if rules, sure := p.unstored(r); sure {
			return rules, nil
		}
	}
	if !ok || !one.Applied() {
		if err := p.load(ctx); err != nil {
			return rooms.Policy{}, err
		}
		one, ok = p.look(r)
	}
	if !ok && r.Name == p.standard.Name {
		rules, _ := p.unstored(r)
		return rules, nil
	}
	if !ok || !one.Applied() {
		return rooms.Policy{}, ErrUnknownPolicy
	}
	return one.Policy, nil
}

func (p *Policies) look(r rooms.Revision) (rooms.PolicyRevision, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	one, ok := p.known[r]
	return one, ok && one.State != rooms.PolicyDeleted
}

// Get reads a revision as it is now, or says ErrUnknownPolicy.
func (p *Policies) Get(ctx context.Context, r rooms.Revision) (rooms.PolicyRevision, error) {
	if err := p.load(ctx); err != nil {
		return rooms.PolicyRevision{}, err
	}
	one, ok := p.look(r)
	if !ok {
		return rooms.PolicyRevision{}, ErrUnknownPolicy
	}
	return one, nil
}

// List gives the revisions of all policies by name and number, or of one name, which is ErrUnknownPolicy if it has none.
func (p *Policies) List(ctx context.Context, name string) ([]rooms.PolicyRevision, error) {
	if err := p.load(ctx); err != nil {
		return nil, err
	}
	p.mu.RLock()
	all := slices.Collect(maps.Values(p.known))
	p.mu.RUnlock()
	all = slices.DeleteFunc(all, func(one rooms.PolicyRevision) bool {
		return one.State == rooms.PolicyDeleted || name != "" && one.Name != name
	})
	if name != "" && len(all) == 0 {
		return nil, ErrUnknownPolicy
	}
	slices.SortFunc(all, func(a, b rooms.PolicyRevision) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Revision.Revision, b.Revision.Revision))
	})
	return all, nil
}

// Draft stores a new policy as its first revision, which is a draft. ErrPolicyExists if there is one of that name.
func (p *Policies) Draft(ctx context.Context, rules rooms.Policy, by rooms.Client) (rooms.PolicyRevision, error) {
	if _, err := p.List(ctx, rules.Name); !errors.Is(err, ErrUnknownPolicy) {
		return rooms.PolicyRevision{}, cmp.Or(err, ErrPolicyExists)
	}
	rules.Revision.Revision = 1
	one, err := p.draft(ctx, rules, by, []rooms.Client{by})
	if errors.Is(err, ErrRevision) {
		err = ErrPolicyExists
	}
	return one, err
}

// Next stores a further revision of a policy as a draft. ErrRevision if somebody else has done so meanwhile.
func (p *Policies) Next(ctx context.Context, rules rooms.Policy, by rooms.Client) (rooms.PolicyRevision, error) {
	all, err := p.List(ctx, rules.Name)
	if err != nil {
		return rooms.PolicyRevision{}, err
	}
	last := all[len(all)-1]
	if last.Author != by {
		return rooms.PolicyRevision{}, rooms.ErrOtherPolicy
	}
	rules.Revision.Revision = last.Revision.Revision + 1
	writers := []rooms.Client{by}
	if !last.Applied() { // whose words nobody else has approved
		writers = last.WrittenBy(by)
	}
	return p.draft(ctx, rules, by, writers)
}

// Rewrite gives a revision other rules, if it is still the given entry; else it says ErrRevision.
func (p *Policies) Rewrite(ctx context.Context, rules rooms.Policy, entry uint64, by rooms.Client) (rooms.PolicyRevision, error) {
	one, err := p.at(ctx, rules.Revision, entry)
	if err != nil {
		return one, err
	}
	if one, err = one.Rewrite(rules, by); err != nil {
		return one, err
	}
	return p.put(ctx, one)
}

// Take makes a step with a revision, if it is still the given entry; else it says ErrRevision. The last published
// revision of a policy that a room names is not retired: ErrPolicyInUse.
func (p *Policies) Take(ctx context.Context, r rooms.Revision, entry uint64, step rooms.PolicyStep, by rooms.Client) (rooms.PolicyRevision, error) {
	one, err := p.at(ctx, r, entry)
	if err != nil {
		return one, err
	}
	if one, err = one.Take(step, by); err != nil {
		return one, err
	}
	if step == rooms.RetirePolicy {
		if err := p.unused(ctx, r); err != nil {
			return one, err
		}
	}
	return p.put(ctx, one)
}

// at reads a revision that has to be a certain entry.
func (p *Policies) at(ctx context.Context, r rooms.Revision, entry uint64) (rooms.PolicyRevision, error) {
	one, err := p.Get(ctx, r)
	if err == nil && one.Entry != entry {
		err = ErrRevision
	}
	return one, err
}

// unused says whether every room can do without a revision.
func (p *Policies) unused(ctx context.Context, r rooms.Revision) error {
	all, err := p.List(ctx, r.Name)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(one rooms.PolicyRevision) bool {
		return one.Revision != r && one.State == rooms.PolicyPublished
	}) {
		return nil
	}
	every, err := p.rooms.List(ctx)
	if err == nil && slices.ContainsFunc(every, func(c rooms.RoomConfig) bool { return c.Policy == r.Name }) {
		err = ErrPolicyInUse
	}
	return err
}

func (p *Policies) put(ctx context.Context, one rooms.PolicyRevision) (rooms.PolicyRevision, error) {
	if p.full(one) {
		return one, ErrQuota
	}
	return p.write(ctx, one)
}

// write stores a revision, or says ErrRevision if it is not the entry that it was any more.
func (p *Policies) write(ctx context.Context, one rooms.PolicyRevision) (rooms.PolicyRevision, error) {
	one.ChangedAt = p.now().UTC().Truncate(time.Millisecond)
	one, err := sealCheck(p.sealer, one)
	if err != nil {
		return one, err
	}
	entry, err := p.store.PutPolicy(ctx, one)
	switch {
	case errors.Is(err, stream.ErrRevision):
		return one, ErrRevision
	case err != nil:
		return one, fmt.Errorf("registry: store a policy: %w", err)
	}
	one.Entry = entry
	p.set(one)
	return one, nil
}
