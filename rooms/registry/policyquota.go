package registry

import "github.com/govcrier/crier/rooms"

// There is an end to how many revisions there may be of all policies together, and to the bytes of their schemas.
const (
	maxPolicies = 10_000
	maxSchemas  = 64 << 20
)

// full says whether there is no room for a revision.
func (p *Policies) full(one rooms.PolicyRevision) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if one.Entry == 0 && len(p.known) >= maxPolicies {
		return true
	}
	more := schemas(one) - schemas(p.known[one.Revision])
	if more <= 0 {
		return false
	}
	for _, other := range p.known {
		more += schemas(other)
	}
	return more > maxSchemas
}

// schemas is how many bytes the schemas of a revision have.
func schemas(one rooms.PolicyRevision) (sum int) {
	for _, t := range one.Types {
		sum += len(t.Schema)
	}
	return sum
}
