package api

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// allow tells a publisher what is left of its quotas, if there are any.
func allow(c *call, a rooms.Allowance) {
	if a.Limit == 0 {
		return
	}
	h := c.w.Header()
	h.Set("RateLimit-Limit", strconv.Itoa(a.Limit))
	h.Set("RateLimit-Remaining", strconv.Itoa(a.Remaining))
	h.Set("RateLimit-Reset", strconv.Itoa(seconds(a.Reset)))
}

// overQuota gives the refusal of a publisher that has used up a quota its headers.
func overQuota(c *call, err error) error {
	var over *rooms.QuotaError
	if !errors.As(err, &over) {
		return err
	}
	allow(c, over.Allowance)
	return &problem.Error{Code: v1.ProblemCodePublishQuotaExceeded, RetryAfter: max(over.Reset, time.Second)}
}

// getQuota tells the caller what is left of its quotas: over all rooms, and in those where it may publish.
func (s *Server) getQuota(c *call) (answer, error) {
	used, err := s.deps.Quotas.Used(c.context(), c.client, "", rooms.PolicyRules{})
	if err != nil {
		return answer{}, err
	}
	all, err := s.deps.Rooms.List(c.context())
	if err != nil {
		return answer{}, err
	}
	for _, room := range all {
		if may, _ := room.MayPublish(c.client); !may {
			continue
		}
		policy, err := s.deps.Policies.Current(c.context(), room.Policy)
		if err != nil {
			return answer{}, err
		}
		there, err := s.deps.Quotas.Used(c.context(), c.client, room.Name, policy.PolicyRules)
		if err != nil {
			return answer{}, err
		}
		used = append(used, there...)
	}
	list := v1.QuotaList{Quotas: []v1.Quota{}}
	for _, one := range used {
		list.Quotas = append(list.Quotas, v1.Quota{
			Room: string(one.Room), Lane: v1.Lane(one.Lane), PerMinute: allowanceOf(one.PerMinute), PerDay: allowanceOf(one.PerDay),
		})
	}
	return jsonAnswer(http.StatusOK, list)
}

// allowanceOf is nil where there is no quota.
func allowanceOf(a rooms.Allowance) *v1.Allowance {
	if a.Limit == 0 {
		return nil
	}
	return &v1.Allowance{Limit: a.Limit, Remaining: a.Remaining, Reset: seconds(a.Reset)}
}

// seconds are whole ones, never too few.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
