// Package recur says when a message that is repeated is sent.
//
// A rule has the five fields of cron (minute, hour, day of month, month, day of week) and is meant by the clock on the
// wall of its zone. Promised, where clocks are put forward: a time that does not exist is left out, and the next one that
// does counts, so that "30 2 * * *" is not sent on that day; a rule for each hour goes on by the hour. Where they are put
// back, a time that exists twice is sent once, at the first of the two, unless the rule is for every hour, which then is
// sent in both. Words such as @daily are refused, as is a rule that is never true.
package recur

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/govcrier/crier/rooms"
)

// The refusals.
var (
	ErrCron  = errors.New("five fields as in cron: minute, hour, day of month, month, day of week")
	ErrZone  = errors.New("not a time zone, such as Asia/Bishkek")
	ErrNever = errors.New("it is never true before its end")
	ErrFar   = errors.New("its first time is further ahead than a message may wait")
	ErrOften = errors.New("more often than is allowed")
)

const maxCron = 200

// Rule tells the times of a series.
type Rule struct {
	spec   *cron.SpecSchedule
	zone   *time.Location
	hourly bool // true in every hour
	until  time.Time
}

// Parse reads a rule.
func Parse(r rooms.Repeat) (Rule, error) {
	if len(r.Cron) > maxCron || len(strings.Fields(r.Cron)) != 5 || strings.ContainsAny(r.Cron, "@=\n\r") {
		return Rule{}, ErrCron
	}
	zone, err := Zone(r.Zone)
	if err != nil {
		return Rule{}, err
	}
	parsed, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(sundays(r.Cron))
	spec, ok := parsed.(*cron.SpecSchedule)
	if err != nil || !ok {
		return Rule{}, ErrCron
	}
	spec.Location = time.UTC // of a clock that knows no summer; see Next
	const hours = 1<<24 - 1
	return Rule{spec: spec, zone: zone, hourly: spec.Hour&hours == hours, until: r.Until}, nil
}

// sundays writes the seventh day of the week as the one before the first: "5-7" as "5-6,0".
func sundays(cron string) string {
	fields := strings.Fields(cron)
	days := strings.Split(fields[4], ",")
	for i, one := range days {
		if one == "7" {
			days[i] = "0"
		}
		if from, ok := strings.CutSuffix(one, "-7"); ok && len(from) == 1 && from >= "0" && from <= "6" {
			days[i] = from + "-6,0"
		}
	}
	fields[4] = strings.Join(days, ",")
	return strings.Join(fields, " ")
}

// Zone opens a zone by its name; that of the machine is none.
func Zone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, ErrZone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, ErrZone
	}
	return zone, nil
}

// Next is the first time after a moment; false if there is none before the end.
func (r Rule) Next(after time.Time) (time.Time, bool) {
	if r.hourly {
		return r.within(r.byHours(after))
	}
	for wall := r.wall(after); ; {
		wall = r.spec.Next(wall)
		if wall.IsZero() {
			return time.Time{}, false
		}
		at := r.at(wall)
		if there := r.wall(at).Equal(wall); there && at.After(after) {
			return r.within(at)
		}
	}
}

// byHours follows the zone's own hours, each of which counts.
func (r Rule) byHours(after time.Time) time.Time {
	spec := *r.spec
	spec.Location = r.zone
	return spec.Next(after.In(r.zone))
}

func (r Rule) within(at time.Time) (time.Time, bool) {
	if at.IsZero() || !r.until.IsZero() && at.After(r.until) {
		return time.Time{}, false
	}
	return at.UTC(), true
}

// wall is what the clock on the wall shows, as if there were no summer.
func (r Rule) wall(t time.Time) time.Time {
	t = t.In(r.zone)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// at is when the clock shows that, the first time of two.
func (r Rule) at(wall time.Time) time.Time {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, r.zone)
	began, _ := t.ZoneBounds()
	_, offset := began.Add(-time.Second).Zone()
	if first := wall.Add(-time.Duration(offset) * time.Second); !began.IsZero() && first.Before(t) && r.wall(first).Equal(wall) {
		return first
	}
	return t
}

// Latest is the last time that is after one moment and not after another; false if there is none.
func (r Rule) Latest(after, upTo time.Time) (latest time.Time, ok bool) {
	for {
		t, more := r.Next(after)
		if !more || t.After(upTo) {
			return latest, ok
		}
		latest, ok, after = t, true, t
	}
}

// looked is how many times are compared to find out how often a rule is true.
const looked = 200

// Check refuses a rule that is not true from a moment until a horizon, or that is true oftener than once in a while.
func (r Rule) Check(from, horizon time.Time, least time.Duration) error {
	t, ok := r.Next(from)
	if !ok {
		return ErrNever
	}
	if t.After(horizon) {
		return ErrFar
	}
	for range looked {
		next, ok := r.Next(t)
		if !ok || next.After(horizon) {
			return nil
		}
		if next.Sub(t) < least {
			return fmt.Errorf("%w: at least %s lie between two", ErrOften, least)
		}
		t = next
	}
	return nil
}

// End is the n-th time after a moment, or the last one before the end of the rule.
func (r Rule) End(after time.Time, n int) time.Time {
	for range n {
		t, ok := r.Next(after)
		if !ok {
			break
		}
		after = t
	}
	return after
}
