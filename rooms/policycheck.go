package rooms

import (
	"fmt"
	"slices"
	"time"
)

// Providers are the names of those that are configured, by channel.
type Providers map[Channel][]string

// Faults names the contradictions between the rules of a policy, each of which may be right by itself. Its pointers
// are those of the policy's JSON. A nil p knows no provider, and says nothing of them; now is from when on people are to be
// written to.
func (r Policy) Faults(p Providers, now time.Time) []Fault {
	var c contradictions
	if len(r.Retry) > 0 && r.Expiry <= r.Retry[0] {
		c.add("/expiry", "not longer than the first wait of retry, which would never be")
	}
	if r.Unknown != "" && r.Duplicates != DuplicatesAvoid {
		c.add("/unknown", "goes with duplicates: avoid only")
	}
	c.fallback(r)
	c.times(r.Times, now)
	c.quotas(r.PolicyRules)
	c.schemas(r.Types)
	if (r.Cap.Messages == 0) != (r.Cap.Per == 0) {
		c.add("/cap", "both messages and per are needed")
	}
	if r.Check.URL.IsZero() && r.Check.Timeout != 0 {
		c.add("/check/url", "this member is needed")
	}
	if p != nil {
		c.providers(r, p)
	}
	return c.faults
}

// Asks says that somebody is to be asked, though it may not be known whom.
func (c ExternalCheck) Asks() bool { return !c.URL.IsZero() || c.Timeout != 0 }

type contradictions struct{ faults []Fault }

func (c *contradictions) add(pointer, detail string) {
	c.faults = append(c.faults, Fault{pointer, "invalid_value", detail})
}

// fallback finds what would move a delivery nowhere, or in a circle, or when it is given up already.
func (c *contradictions) fallback(r Policy) {
	to := map[Channel]Channel{}
	for i, f := range r.Fallback {
		at := fmt.Sprintf("/fallback/%d", i)
		if _, twice := to[f.From]; twice {
			c.add(at+"/from", "a delivery falls back from a channel in one way only")
			continue
		}
		to[f.From] = f.To
		if f.After >= r.Expiry {
			c.add(at+"/after", "not before expiry, when the delivery is given up")
		}
		if leads(to, f.To, f.From) {
			c.add(at+"/to", "leads back to where the delivery comes from")
		}
	}
}

// leads says whether one channel falls back to another, by whatever way.
func leads(to map[Channel]Channel, from, wanted Channel) bool {
	for range len(to) + 1 {
		if from == wanted {
			return true
		}
		next, ok := to[from]
		if !ok {
			return false
		}
		from = next
	}
	return false
}

func (c *contradictions) times(t Times, now time.Time) {
	before := len(c.faults)
	if _, err := time.LoadLocation(t.Zone); err != nil || t.Zone == "Local" {
		c.add("/zone", "a name of the IANA time zone database, such as Asia/Bishkek")
	}
	endless := false
	for i, q := range t.Quiet {
		if q.From == q.Until {
			c.add(fmt.Sprintf("/quietHours/%d/until", i), "another time than from; a whole day is from 00:00 until 24:00")
			endless = true
		}
	}
	if !endless && t.quietAllWeek() {
		c.add("/quietHours", "no minute of a week is left")
	}
	c.dates(t)
	if len(c.faults) == before {
		c.left(t, now)
	}
}

// left finds that nobody can be written to any more: the days are over, or those that are not are quiet.
func (c *contradictions) left(t Times, now time.Time) {
	if _, ok := t.Next(now); ok {
		return
	}
	if zone, err := time.LoadLocation(t.Zone); err == nil && t.Until != "" && dateOf(now.In(zone)) > t.Until {
		c.add("/dates/until", "over: nobody would be written to")
		return
	}
	c.add("/dates", "no time is left of these days, for quietHours or the days without")
}

func (c *contradictions) dates(t Times) {
	from, starts := t.From.time()
	until, ends := t.Until.time()
	if !starts || !ends {
		return
	}
	days := int(until.Sub(from)/(24*time.Hour)) + 1
	if days < 1 {
		c.add("/dates/until", "before from")
		return
	}
	without := map[Date]bool{}
	for _, d := range t.Not {
		if d >= t.From && d <= t.Until {
			without[d] = true
		}
	}
	if len(without) >= days {
		c.add("/dates/not", "no day is left")
	}
}

func (c *contradictions) providers(r Policy, known Providers) {
	for _, channel := range Channels() {
		for i, route := range r.Routes[channel] {
			at := fmt.Sprintf("/providers/%s/%d/provider", channel, i)
			first := slices.IndexFunc(r.Routes[channel], func(other Route) bool { return other.Provider == route.Provider })
			switch {
			case !slices.Contains(known[channel], route.Provider):
				c.add(at, "no provider of this name is configured for the channel")
			case first < i:
				c.add(at, "this provider stands here already")
			}
		}
		if all := r.Routes[channel]; len(all) > 0 && !slices.ContainsFunc(all, func(one Route) bool { return one.Weight > 0 }) {
			c.add("/providers/"+string(channel), "all have the weight 0, each a reserve for the others")
		}
	}
}
