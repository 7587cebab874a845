package api

import (
	"context"
	"log/slog"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
)

// The revisions of the policy "patient", which is of "boss", begin in these states; the number of each is its entry.
const (
	publishedOne = "/v1/policies/patient/1"
	submittedOne = "/v1/policies/patient/2"
	draftedOne   = "/v1/policies/patient/3"
	approvedOne  = "/v1/policies/patient/4"
)

// standardRules are those of the policy that nobody has drafted.
func standardRules() rooms.Policy {
	return rooms.Policy{
		Revision: rooms.Revision{Name: rooms.StandardPolicy, Revision: 1},
		Retry:    []time.Duration{time.Minute, 5 * time.Minute}, Jitter: 0.2, Expiry: 24 * time.Hour, Duplicates: "resend",
	}
}

// policyStore keeps revisions as the log does.
type policyStore struct{ *engine }

func (s policyStore) PutPolicy(_ context.Context, p rooms.PolicyRevision) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := uint64(0)
	for _, one := range s.policies {
		if one.Revision == p.Revision {
			last = one.Entry
		}
	}
	if last != p.Entry {
		return 0, stream.ErrRevision
	}
	p.Entry = uint64(len(s.policies) + 1)
	s.policies = append(s.policies, p)
	return p.Entry, nil
}

// drafted counts the changes of policies that are not the operator's.
func (e *engine) drafted() (n int) {
	for _, one := range e.policies {
		if one.Name != rooms.StandardPolicy {
			n++
		}
	}
	return n
}

func (s policyStore) Policies(_ context.Context, from uint64) ([]rooms.PolicyRevision, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []rooms.PolicyRevision
	for _, one := range s.policies {
		if one.Entry >= from {
			all = append(all, one)
		}
	}
	return all, nil
}

// policiesOf are the registry's own, on a store in memory.
func policiesOf(e *engine) *registry.Policies {
	return registry.NewPolicies(policyStore{e}, unsealed{}, roomsFake{e}, standardRules(), 7*24*time.Hour, slog.New(slog.DiscardHandler))
}

// unsealed seals nothing.
type unsealed struct{}

func (unsealed) Seal(plaintext []byte, _ ...string) ([]byte, error) { return plaintext, nil }
func (unsealed) Unseal(sealed []byte, _ ...string) ([]byte, error)  { return sealed, nil }
