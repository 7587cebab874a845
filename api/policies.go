package api

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// draftPolicy begins a policy, which is the caller's.
func (s *Server) draftPolicy(c *call) (answer, error) {
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	standard, err := s.deps.Policies.Current(c.context(), rooms.StandardPolicy)
	if err != nil {
		return answer{}, err
	}
	rules, err := request.ParseNewPolicy(body, standard, s.policyLimits())
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	one, err := s.deps.Policies.Draft(ctx, rules, c.client)
	return s.drafted(c, one, err)
}

// nextPolicy drafts a further revision out of the latest one.
func (s *Server) nextPolicy(c *call) (answer, error) {
	if err := policyOf(c); err != nil {
		return answer{}, err
	}
	all, err := s.deps.Policies.List(c.context(), c.policy.Name)
	if err != nil {
		return answer{}, err
	}
	last := all[len(all)-1]
	if last.Author != c.client {
		return answer{}, rooms.ErrOtherPolicy
	}
	rules, err := s.rules(c, last.Policy)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	one, err := s.deps.Policies.Next(ctx, rules, c.client)
	return s.drafted(c, one, err)
}

func (s *Server) drafted(c *call, one rooms.PolicyRevision, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	c.w.Header().Set("Location", "/v1/policies/"+one.Name+"/"+strconv.Itoa(one.Revision.Revision))
	return policyAnswer(c, http.StatusCreated, one)
}

// rules reads the body of a call; what it leaves out is as it is in base.
func (s *Server) rules(c *call, base rooms.Policy) (rooms.Policy, error) {
	body, err := s.readJSON(c)
	if err != nil {
		return rooms.Policy{}, err
	}
	return request.ParsePolicyRules(body, base, s.policyLimits())
}

func (s *Server) policyLimits() request.PolicyLimits {
	return request.PolicyLimits{MaxExpiry: s.options.MaxExpiry, Providers: s.deps.Providers, Allowed: s.deps.Callbacks.Check, Now: s.now()}
}

func (s *Server) getPolicy(c *call) (answer, error) {
	one, err := s.openPolicy(c)
	if err != nil {
		return answer{}, err
	}
	return policyAnswer(c, http.StatusOK, one)
}

// rewritePolicy gives a revision that is not published other rules, if it is still what the caller has read.
func (s *Server) rewritePolicy(c *call) (answer, error) {
	entry, err := ifMatch(c.r.Header)
	if err != nil {
		return answer{}, err
	}
	one, err := s.openPolicy(c)
	if err != nil {
		return answer{}, err
	}
	rules, err := s.rules(c, one.Policy)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	if one, err = s.deps.Policies.Rewrite(ctx, rules, entry, c.client); err != nil {
		return answer{}, err
	}
	return policyAnswer(c, http.StatusOK, one)
}

// step makes a step with a revision, if it is still what the caller has read.
func (s *Server) step(step rooms.PolicyStep) handler {
	return func(c *call) (answer, error) {
		entry, err := ifMatch(c.r.Header)
		if err != nil {
			return answer{}, err
		}
		if _, err := s.openPolicy(c); err != nil {
			return answer{}, err
		}
		ctx, cancel := s.beyond(c)
		defer cancel()
		one, err := s.deps.Policies.Take(ctx, c.policy, entry, step, c.client)
		if err != nil {
			return answer{}, err
		}
		return policyAnswer(c, http.StatusOK, one)
	}
}

// diffPolicy says in what two revisions of a policy differ.
func (s *Server) diffPolicy(c *call) (answer, error) {
	if err := policyOf(c); err != nil {
		return answer{}, err
	}
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return answer{}, problem.Parameter("from", v1.FaultCodeInvalidValue, "the query cannot be read")
	}
	var numbers [2]int
	for i, name := range []string{"from", "to"} {
		if numbers[i], err = parseRevision(name, query.Get(name)); err != nil {
			return answer{}, err
		}
	}
	var pair [2]rooms.PolicyRevision
	for i, n := range numbers {
		c.policy.Revision = n
		if pair[i], err = s.readPolicy(c); err != nil {
			return answer{}, err
		}
	}
	return jsonAnswer(http.StatusOK, v1.PolicyDiff{Changes: differences(c, pair[0], pair[1])})
}

// openPolicy reads the revision in the path.
func (s *Server) openPolicy(c *call) (rooms.PolicyRevision, error) {
	if err := revisionInPath(c); err != nil {
		return rooms.PolicyRevision{}, err
	}
	return s.readPolicy(c)
}

func policyOf(c *call) (err error) {
	c.policy.Name, err = parameter("policy", mux.Vars(c.r)["policy"], rooms.ParsePolicyName)
	return err
}

func revisionInPath(c *call) (err error) {
	if err := policyOf(c); err != nil {
		return err
	}
	c.policy.Revision, err = parseRevision("revision", mux.Vars(c.r)["revision"])
	return err
}

func parseRevision(name, s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil || n == 0 {
		return 0, problem.Parameter(name, v1.FaultCodeInvalidValue, "the number of a revision, from 1")
	}
	return int(n), nil
}

// checkPolicy refuses a policy of a room of which nothing is published. Where an emergency wants a second person, no room
// admin does away with that by himself.
func (s *Server) checkPolicy(c *call, wanted rooms.RoomConfig) error {
	next, err := s.deps.Policies.Current(c.context(), wanted.Policy)
	if errors.Is(err, registry.ErrUnknownPolicy) {
		return problem.Faults(v1.ProblemCodeInvalidRequest, rooms.Fault{
			Pointer: "/policy/name", Code: string(v1.FaultCodeInvalidValue), Detail: "no revision of this policy is published",
		})
	}
	if err != nil || c.room.Policy == wanted.Policy || c.has.any(platformAdmin) {
		return err
	}
	now, err := s.deps.Policies.Current(c.context(), c.room.Policy)
	if err == nil && now.Release == rooms.ReleaseTwoPerson && next.Release != now.Release {
		return problem.Of(v1.ProblemCodeForbidden)
	}
	return err
}

func policyAnswer(c *call, status int, one rooms.PolicyRevision) (answer, error) {
	c.policy = one.Revision
	c.w.Header().Set("ETag", `"`+strconv.FormatUint(one.Entry, 10)+`"`)
	return jsonAnswer(status, shown(c, one))
}

// span writes a duration without the zeros at its end: 8h, not 8h0m0s.
func span(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
