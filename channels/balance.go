package channels

import (
	"fmt"
	"time"

	"github.com/govcrier/crier/rooms"
)

// standing is what all nodes together say of a provider under its present use.
type standing struct {
	use                 rooms.ProviderUse
	calls, failed, slow int
	nodes, open         int // that say something, and that take it for dead
	quiet               time.Duration
}

// stand sums up what the nodes say; what was counted under an earlier use says nothing of this one.
func stand(use rooms.ProviderUse, reports []rooms.ProviderReport) standing {
	s := standing{use: use, quiet: 24 * time.Hour}
	for _, r := range reports {
		if r.Channel != use.Channel || r.Name != use.Name {
			continue
		}
		s.quiet = min(s.quiet, time.Duration(r.Quiet)*time.Second)
		if r.Use != use.Entry {
			continue
		}
		s.calls, s.failed, s.slow, s.nodes = s.calls+r.Calls, s.failed+r.Failed, s.slow+r.Slow, s.nodes+1
		if r.Open {
			s.open++
		}
	}
	return s
}

// decide says how the factors of a channel's providers move: down where much fails or is slow, up again after a time
// without that. A factor moves once in a step, and what moved it does not move it again. If all that run are as bad, no
// other is better, and none goes down.
func (o BalanceOptions) decide(all []standing, now time.Time) []rooms.ProviderUse {
	var moved []rooms.ProviderUse
	spare := false
	for _, s := range all {
		spare = spare || s.use.State != rooms.ProviderDrained && o.bad(s) == ""
	}
	for _, s := range all {
		if s.use.State != rooms.ProviderRunning || now.Sub(s.use.At) < o.Every {
			continue
		}
		factor, reason := s.use.Factor, o.bad(s)
		switch {
		case reason != "" && spare:
			factor = max(factor*o.Down/100, min(factor, o.Floor))
		case reason == "" && s.quiet >= o.Quiet:
			factor, reason = min(factor+o.Up, rooms.FullFactor), upReason(o.Quiet)
		}
		if factor != s.use.Factor {
			moved = append(moved, s.use.With(rooms.ProviderChange{State: rooms.ProviderRunning, Factor: factor, Reason: reason, At: now}))
		}
	}
	return moved
}

// bad says why a factor goes down; "" if nothing is wrong, or too little is known.
func (o BalanceOptions) bad(s standing) string {
	switch {
	case s.open > 0 && 2*s.open >= s.nodes:
		return fmt.Sprintf("no answer on %d of %d nodes", s.open, s.nodes)
	case s.calls < o.Calls:
		return ""
	case 100*s.failed >= o.Failed*s.calls:
		return fmt.Sprintf("%d of %d calls failed", s.failed, s.calls)
	case 100*s.slow >= o.Slow*s.calls:
		return fmt.Sprintf("%d of %d calls slow", s.slow, s.calls)
	}
	return ""
}

func upReason(quiet time.Duration) string { return fmt.Sprintf("nothing wrong for %s", quiet) }
