package registry

import (
	"context"
	"errors"

	"github.com/govcrier/crier/rooms"
)

// settle finds the revision of the standard policy that says what is configured here, or publishes it as the next one. It is
// known by what it says, so nodes of one configuration have one revision, however many of them start at once and however
// often; nodes of two configurations, as while one is rolled out, each have their own.
func (p *Policies) settle(ctx context.Context) error {
	p.settling.Lock()
	defer p.settling.Unlock()
	for {
		_, settled, next := p.configured()
		if settled {
			return nil
		}
		rules := p.standard
		rules.Revision.Revision = max(next, rules.Revision.Revision)
		one, err := p.write(ctx, rooms.PolicyRevision{Policy: rules, State: rooms.PolicyPublished})
		switch {
		case err == nil:
			p.tell(one)
		case !errors.Is(err, ErrRevision):
			return err
		}
		if err := p.read(ctx); err != nil { // where another node was faster, its revision
			return err
		}
	}
}

// configured finds the latest revision of the standard policy that says what is configured here, which from then on is
// the one that applies; and the number of the next one.
func (p *Policies) configured() (one rooms.Policy, ok bool, next int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if one, ok = p.current[p.standard.Name]; ok {
		return one, true, 0
	}
	for r, stored := range p.known {
		if r.Name != p.standard.Name {
			continue
		}
		next = max(next, r.Revision)
		if r.Revision > one.Revision.Revision && stored.Same(p.standard) {
			one, ok = stored.Policy, true
		}
	}
	if ok {
		p.current[p.standard.Name] = one
	}
	return one, ok, next + 1
}

// unstored are the rules of a revision of the standard policy from before its revisions were stored: those of the first
// that was. Unless sure, one that is not known yet may say otherwise.
func (p *Policies) unstored(r rooms.Revision) (found rooms.Policy, sure bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	found = p.current[p.standard.Name]
	first := 0
	for other, stored := range p.known {
		if other.Name == r.Name && other.Revision > r.Revision && (first == 0 || other.Revision < first) {
			found, first = stored.Policy, other.Revision
		}
	}
	return found, first > 0
}

// tell says that this node has published a revision of the standard policy.
func (p *Policies) tell(one rooms.PolicyRevision) {
	p.log.Info("the standard policy is published as it is configured", "revision", one.Revision.Revision)
	if p.Published != nil {
		p.Published(one)
	}
}
