package registry

import (
	"context"

	"github.com/govcrier/crier/rooms"
)

// Delete takes a draft away, if it is still the given entry; else it says ErrRevision. Its number is free again.
func (p *Policies) Delete(ctx context.Context, r rooms.Revision, entry uint64, by rooms.Client) error {
	one, err := p.at(ctx, r, entry)
	if err != nil {
		return err
	}
	if one, err = one.Delete(by); err != nil {
		return err
	}
	_, err = p.put(ctx, one)
	return err
}

// HandOver makes a policy another client's, with all its revisions, and gives them. What has not been published is
// a draft again. The standard policy is nobody's to give: rooms.ErrOtherPolicy. One that is cut short is finished by the next.
func (p *Policies) HandOver(ctx context.Context, name string, to rooms.Client) ([]rooms.PolicyRevision, error) {
	if name == p.standard.Name {
		return nil, rooms.ErrOtherPolicy
	}
	all, err := p.List(ctx, name)
	if err != nil {
		return nil, err
	}
	for _, one := range all { // the latest last: its author is who drafts the next one
		if one.Author == to {
			continue
		}
		if _, err := p.put(ctx, one.HandOver(to)); err != nil {
			return nil, err
		}
	}
	return p.List(ctx, name)
}

// vacant is the entry that stands where a draft was deleted; 0 where nothing ever stood.
func (p *Policies) vacant(r rooms.Revision) uint64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if one := p.known[r]; one.State == rooms.PolicyDeleted {
		return one.Entry
	}
	return 0
}

// draft stores a new revision, or says ErrRevision if there is one of that number.
func (p *Policies) draft(ctx context.Context, rules rooms.Policy, by rooms.Client, writers []rooms.Client) (rooms.PolicyRevision, error) {
	return p.put(ctx, rooms.PolicyRevision{Policy: rules, State: rooms.PolicyDraft, Author: by, Writers: writers, Entry: p.vacant(rules.Revision)})
}

// unsealed opens what was read of the log. What cannot be opened is reported.
func (p *Policies) unsealed(one rooms.PolicyRevision) rooms.PolicyRevision {
	opened, err := openCheck(p.sealer, one)
	if err != nil {
		p.log.Error("whom a policy asks cannot be opened: messages under it are refused", "policy", one.Name, "revision", one.Revision.Revision, "error", err)
	}
	return opened
}
