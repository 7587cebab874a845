package channels

import (
	"math"
	"time"
)

// windowParts is for how many seconds back calls are counted.
const windowParts = 60

// window counts the calls of the last minute, second by second.
type window struct{ parts [windowParts]part }

// part is a second, numbered from the beginning of time.
type part struct {
	second int64
	counts
}

// latencySteps are lengths of calls, each half as long again as the one before (by the root of 2), from a millisecond on.
const latencySteps = 36

// counts are calls by what became of them.
type counts struct {
	results map[Result]int
	failed  int // of whatever result: the provider's fault
	slow    int
	took    [latencySteps]int
}

// at is where a call that ends now is counted.
func (w *window) at(now time.Time) *counts {
	second := now.Unix()
	p := &w.parts[second%windowParts]
	if p.second != second {
		*p = part{second, counts{results: map[Result]int{}}}
	}
	return &p.counts
}

// sum is what was counted in the last minute.
func (w *window) sum(now time.Time) counts {
	all := counts{results: map[Result]int{}}
	for _, p := range w.parts {
		if p.second <= now.Unix()-windowParts || p.second > now.Unix() || p.results == nil {
			continue
		}
		for r, n := range p.results {
			all.results[r] += n
		}
		all.failed, all.slow = all.failed+p.failed, all.slow+p.slow
		for i, n := range p.took {
			all.took[i] += n
		}
	}
	return all
}

func (c *counts) add(r Result, s sign, slow bool, took time.Duration) {
	c.results[r]++
	if s >= unwell {
		c.failed++
	}
	if slow && s >= alive {
		c.slow++
	}
	step := int(math.Ceil(2 * math.Log2(max(float64(took)/float64(time.Millisecond), 1))))
	c.took[min(step, latencySteps-1)]++
}

// calls are those that the provider took, or should have.
func (c counts) calls() int {
	return c.results[Sent] + c.results[Deferred] + c.results[Rejected] + c.results[Suppressed]
}

// quantile is a length that so large a share of the calls did not exceed, to about a third; zero without any.
func (c counts) quantile(share float64) time.Duration {
	all := 0
	for _, n := range c.took {
		all += n
	}
	rank := int(math.Ceil(share * float64(all)))
	for i, n := range c.took {
		if rank -= n; n > 0 && rank <= 0 {
			return time.Duration(math.Pow(2, float64(i)/2) * float64(time.Millisecond)).Round(100 * time.Microsecond)
		}
	}
	return 0
}
