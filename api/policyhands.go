package api

import (
	"net/http"
	"slices"

	"github.com/govcrier/crier/api/request"
	"github.com/govcrier/crier/rooms"
)

// deletePolicy takes a draft away, if it is still what the caller has read.
func (s *Server) deletePolicy(c *call) (answer, error) {
	entry, err := ifMatch(c.r.Header)
	if err != nil {
		return answer{}, err
	}
	if _, err := s.openPolicy(c); err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	if err := s.deps.Policies.Delete(ctx, c.policy, entry, c.client); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

// handOverPolicy makes a policy another client's.
func (s *Server) handOverPolicy(c *call) (answer, error) {
	if err := policyOf(c); err != nil {
		return answer{}, err
	}
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	to, err := request.ParseAuthor(body)
	if err != nil {
		return answer{}, err
	}
	c.about = to
	ctx, cancel := s.beyond(c)
	defer cancel()
	all, err := s.deps.Policies.HandOver(ctx, c.policy.Name, to)
	if err != nil {
		return answer{}, err
	}
	return policyPage(c, slices.DeleteFunc(all, func(one rooms.PolicyRevision) bool { return !mayRead(c, one) }))
}
