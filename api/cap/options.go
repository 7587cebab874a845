package cap

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Options say what alerts are taken, and what they come to.
type Options struct {
	// MaxBytes is the most bytes of an alert. Default 1 MiB, which is the most: with its texts it fits into a message,
	// whatever it says.
	MaxBytes int64 `yaml:"maxBytes"`
	// MaxElements is the most elements of an alert. Default 10000.
	MaxElements int `yaml:"maxElements"`
	// Lanes say in which lane an alert goes: lines of severity, urgency, certainty and lane, each one value, several with |
	// between them, or *. The first that fits; normal if none does. Default: emergency for what is Extreme or Severe, Immediate
	// or Expected, and Observed or Likely.
	Lanes []string `yaml:"lanes"`
	// Cancelled is what is said of a Cancel that says nothing itself.
	Cancelled string `yaml:"cancelled"`
	// FeedEntries is how many alerts a room's feed shows, the newest. Default 100.
	FeedEntries int `yaml:"feedEntries"`
	// FeedAge is how old a feed may be that is shown to callers without a token. Default 5s.
	FeedAge time.Duration `yaml:"feedAge"`
}

// WithDefaults fills in what was left out.
func (o Options) WithDefaults() Options {
	o.MaxBytes = cmp.Or(o.MaxBytes, 1<<20)
	o.MaxElements = cmp.Or(o.MaxElements, 10_000)
	o.Cancelled = cmp.Or(o.Cancelled, "This alert is cancelled.")
	o.FeedEntries = cmp.Or(o.FeedEntries, 100)
	o.FeedAge = cmp.Or(o.FeedAge, 5*time.Second)
	if o.Lanes == nil {
		o.Lanes = []string{"Extreme|Severe Immediate|Expected Observed|Likely emergency"}
	}
	return o
}

// Check names every fault.
func (o Options) Check() (errs []error) {
	o = o.WithDefaults()
	if o.MaxBytes < 1024 || o.MaxBytes > 1<<20 {
		errs = append(errs, errors.New("maxBytes is from 1 KiB to 1 MiB"))
	}
	if o.MaxElements < 100 || o.FeedEntries < 1 || o.FeedEntries > 1000 || o.FeedAge < 0 {
		errs = append(errs, errors.New("maxElements is at least 100, feedEntries from 1 to 1000, feedAge not negative"))
	}
	for n, l := range o.Lanes {
		if _, err := parseLane(l); err != nil {
			errs = append(errs, fmt.Errorf("lanes.%d: %w", n, err))
		}
	}
	return errs
}

// Lane is where an alert goes: of what its infos say, the most urgent. "" if it has none.
func (o Options) Lane(a Alert) rooms.Lane {
	o = o.WithDefaults()
	best := rooms.Lane("")
	for _, i := range a.Info {
		lane := o.lane(i)
		if best == "" || slices.Index(rooms.Lanes(), lane) < slices.Index(rooms.Lanes(), best) {
			best = lane
		}
	}
	return best
}

func (o Options) lane(i Info) rooms.Lane {
	for _, l := range o.Lanes {
		if r, err := parseLane(l); err == nil && r.fits(i) {
			return r.lane
		}
	}
	return rooms.Normal
}

// laneRule is a line of Options.Lanes. A list that is nil takes any value.
type laneRule struct {
	severity, urgency, certainty []string
	lane                         rooms.Lane
}

func (r laneRule) fits(i Info) bool {
	is := func(list []string, value string) bool { return list == nil || slices.Contains(list, value) }
	return is(r.severity, i.Severity) && is(r.urgency, i.Urgency) && is(r.certainty, i.Certainty)
}

func parseLane(line string) (r laneRule, err error) {
	fields := strings.Fields(line)
	if len(fields) != 4 {
		return r, errors.New("severity, urgency, certainty and lane, such as: Extreme|Severe Immediate * emergency")
	}
	for n, to := range []*[]string{&r.severity, &r.urgency, &r.certainty} {
		if fields[n] == "*" {
			continue
		}
		*to = strings.Split(fields[n], "|")
		name := []string{"severity", "urgency", "certainty"}[n]
		for _, value := range *to {
			if !slices.Contains(codes()[name], value) {
				return r, fmt.Errorf("a %s is one of %s", name, strings.Join(codes()[name], ", "))
			}
		}
	}
	r.lane, err = rooms.ParseLane(fields[3])
	return r, err
}
