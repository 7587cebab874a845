package rooms

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrTimes is wrapped by every refusal of times.
var ErrTimes = errors.New("not valid times")

const (
	minutesOfDay = 24 * 60
	minutesOfGap = 3 * 60 // more than clocks are ever set forward or back at once
	quarter      = 15     // minutes; no day begins between two quarters
)

// Next is the earliest moment from t on at which people may be written to; false if there is none. What counts is the
// clock on the wall: an hour that it leaves out cannot be waited for, and one that it repeats is allowed or quiet both
// times. False too if the times are not valid.
func (s Times) Next(t time.Time) (time.Time, bool) {
	if s.always() {
		return t, true
	}
	zone, err := time.LoadLocation(s.Zone)
	if err != nil || !s.From.valid() || !s.Until.valid() || s.quietAllWeek() {
		return time.Time{}, false
	}
	for wall := t.In(zone); ; {
		day := dateOf(wall)
		rest := minutesOfDay - minuteOf(wall)
		switch {
		case s.Until != "" && day > s.Until:
			return time.Time{}, false
		case day < s.From:
			first, _ := s.From.in(time.UTC)
			today, _ := day.in(time.UTC)
			days := int(first.Sub(today) / (24 * time.Hour))
			wall = ahead(wall, (days-1)*minutesOfDay+rest, quarter)
		case slices.Contains(s.Not, day):
			wall = ahead(wall, rest, quarter)
		default:
			quiet := s.quietFor(wall.Weekday(), minuteOf(wall))
			if quiet == 0 {
				return wall.In(t.Location()), true
			}
			wall = ahead(wall, quiet, 1)
		}
	}
}

func (s Times) always() bool {
	return len(s.Quiet) == 0 && s.From == "" && s.Until == "" && len(s.Not) == 0
}

// ahead goes on by some minutes of the clock on the wall, less what it may be set forward meanwhile; if that is nothing,
// to the next multiple of step.
func ahead(wall time.Time, minutes, step int) time.Time {
	skip := minutes - minutesOfGap
	if skip <= 0 {
		skip = step - minuteOf(wall)%step
	}
	within := time.Duration(wall.Second())*time.Second + time.Duration(wall.Nanosecond())
	return wall.Add(time.Duration(skip)*time.Minute - within)
}

// quietFor is how many minutes are quiet from a minute of the week on, at most a day; 0 if that one is not.
func (s Times) quietFor(day time.Weekday, minute int) int {
	longest := 0
	for _, q := range s.Quiet {
		longest = max(longest, q.rest(day, minute), q.rest((day+6)%7, minute+minutesOfDay))
	}
	return longest
}

// rest is how many minutes are left, of those that begin on a day, at a minute from its midnight on.
func (q QuietHours) rest(day time.Weekday, minute int) int {
	from, until := int(q.From), int(q.Until)
	if until <= from {
		until += minutesOfDay
	}
	if len(q.Days) > 0 && !slices.Contains(q.Days, day) || minute < from || minute >= until {
		return 0
	}
	return until - minute
}

// quietAllWeek says that no minute of any week is left.
func (s Times) quietAllWeek() bool {
	for m := 0; m < 7*minutesOfDay; {
		quiet := s.quietFor(time.Weekday(m/minutesOfDay), m%minutesOfDay)
		if quiet == 0 {
			return false
		}
		m += quiet
	}
	return true
}

// Check says what is wrong: a zone or a date that does not exist, or that no time is left.
func (s Times) Check() error {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		return fmt.Errorf("%w: an unknown time zone", ErrTimes)
	}
	for _, d := range append([]Date{s.From, s.Until}, s.Not...) {
		if !d.valid() {
			return fmt.Errorf("%w: a date reads 2026-12-24", ErrTimes)
		}
	}
	if slices.Contains(s.Not, "") {
		return fmt.Errorf("%w: a date reads 2026-12-24", ErrTimes)
	}
	for _, q := range s.Quiet {
		if !q.From.valid() || !q.Until.valid() || slices.ContainsFunc(q.Days, func(d time.Weekday) bool { return d < 0 || d > 6 }) {
			return fmt.Errorf("%w: quiet hours are from a time of day until another, on days of the week", ErrTimes)
		}
	}
	switch {
	case s.From != "" && s.Until != "" && s.Until < s.From:
		return fmt.Errorf("%w: the last day is before the first", ErrTimes)
	case s.quietAllWeek():
		return fmt.Errorf("%w: every hour of the week is quiet", ErrTimes)
	case s.From != "":
		first, _ := s.From.in(zone)
		if _, ok := s.Next(first.Add(-24 * time.Hour)); !ok {
			return fmt.Errorf("%w: no time is left between the first day and the last", ErrTimes)
		}
	}
	return nil
}

func (m TimeOfDay) valid() bool { return m >= 0 && m <= minutesOfDay }

func dateOf(t time.Time) Date { return Date(t.Format(time.DateOnly)) }

func minuteOf(t time.Time) int { return t.Hour()*60 + t.Minute() }

func (d Date) valid() bool {
	_, err := d.in(time.UTC)
	return d == "" || err == nil
}

// in is about when the day begins.
func (d Date) in(zone *time.Location) (time.Time, error) {
	return time.ParseInLocation(time.DateOnly, string(d), zone)
}
