package api

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// listPolicies lists the revisions of all policies, or of the one in the path, as far as the caller may read them.
func (s *Server) listPolicies(c *call) (answer, error) {
	if _, ok := mux.Vars(c.r)["policy"]; ok {
		if err := policyOf(c); err != nil {
			return answer{}, err
		}
	}
	all, err := s.deps.Policies.List(c.context(), c.policy.Name)
	if err != nil {
		return answer{}, err
	}
	all = slices.DeleteFunc(all, func(one rooms.PolicyRevision) bool { return !mayRead(c, one) })
	if c.policy.Name != "" && len(all) == 0 {
		return answer{}, registry.ErrUnknownPolicy
	}
	return policyPage(c, all)
}

// policyPage shows the part of a list that is asked for.
func policyPage(c *call, all []rooms.PolicyRevision) (answer, error) {
	p, err := pageOf(c.r.URL.RawQuery, parsePolicyCursor)
	if err != nil {
		return answer{}, err
	}
	all = slices.DeleteFunc(all, func(one rooms.PolicyRevision) bool { return byNumber(one.Revision, p.after) <= 0 })
	list := v1.PolicyList{Policies: []v1.PolicyRevision{}}
	if len(all) > p.limit {
		all = all[:p.limit]
		last := all[len(all)-1].Revision
		list.Next = optional(last.Name + "." + strconv.Itoa(last.Revision))
	}
	for _, one := range all {
		list.Policies = append(list.Policies, shown(c, one))
	}
	return jsonAnswer(http.StatusOK, list)
}

func byNumber(a, b rooms.Revision) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Revision, b.Revision))
}

// parsePolicyCursor reads NAME.REVISION.
func parsePolicyCursor(s string) (r rooms.Revision, err error) {
	name, number, _ := strings.Cut(s, ".")
	if r.Name, err = rooms.ParsePolicyName(name); err == nil {
		r.Revision, err = parseRevision("cursor", number)
	}
	return r, err
}

// mayRead says whether the caller may read a revision: data protection officers and platform admins may read all.
func mayRead(c *call, one rooms.PolicyRevision) bool {
	return one.Readable(c.client) || c.has.any(officer|platformAdmin)
}

// shown is a revision as the caller may see it: whom it asks may hold a credential, and is for those who answer for it.
func shown(c *call, one rooms.PolicyRevision) v1.PolicyRevision {
	out := revisionOf(one)
	if one.Author != c.client && !c.has.any(officer|platformAdmin) {
		out.Check.URL = ""
	}
	return out
}

// readPolicy reads a revision; one that the caller may not read is not there.
func (s *Server) readPolicy(c *call) (rooms.PolicyRevision, error) {
	one, err := s.deps.Policies.Get(c.context(), c.policy)
	if err == nil && !mayRead(c, one) {
		err = registry.ErrUnknownPolicy
	}
	return one, err
}
