package rooms

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// How the rules of a policy are written.
var (
	errTimeOfDay  = errors.New(`a time of day such as "21:00"`)
	errDate       = errors.New(`a day such as "2026-12-24"`)
	errQuietHours = errors.New(`quiet hours such as "21:00-08:00" or "sat sun 00:00-24:00"`)
)

// ParseTimeOfDay accepts 00:00 to 24:00, which is the end of the day.
func ParseTimeOfDay(s string) (TimeOfDay, error) {
	if s == "24:00" {
		return minutesOfDay, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, errTimeOfDay
	}
	return TimeOfDay(t.Hour()*60 + t.Minute()), nil
}

func (t TimeOfDay) String() string { return fmt.Sprintf("%02d:%02d", int(t)/60, int(t)%60) }

// ParseDate accepts a day of the calendar.
func ParseDate(s string) (Date, error) {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", errDate
	}
	return Date(s), nil
}

// time is noon of the day, UTC.
func (d Date) time() (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, string(d))
	return t.Add(12 * time.Hour), err == nil
}

// Weekdays are the names of days, of which the first stands for time.Sunday.
func Weekdays() []string { return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

// ParseWeekday accepts the first three letters of a day in English.
func ParseWeekday(s string) (time.Weekday, error) {
	i := slices.Index(Weekdays(), s)
	if i < 0 {
		return 0, errors.New(`a day: "mon", "tue", "wed", "thu", "fri", "sat" or "sun"`)
	}
	return time.Weekday(i), nil
}

// ParseQuietHours accepts a line such as "21:00-08:00", with days before it if they are not those of every day.
func ParseQuietHours(s string) (q QuietHours, err error) {
	words := strings.Fields(s)
	if len(words) == 0 {
		return q, errQuietHours
	}
	from, until, ok := strings.Cut(words[len(words)-1], "-")
	var wrong, wrongToo error
	q.From, wrong = ParseTimeOfDay(from)
	q.Until, wrongToo = ParseTimeOfDay(until)
	if !ok || wrong != nil || wrongToo != nil {
		return q, errQuietHours
	}
	for _, word := range words[:len(words)-1] {
		day, err := ParseWeekday(word)
		if err != nil || slices.Contains(q.Days, day) {
			return q, errQuietHours
		}
		q.Days = append(q.Days, day)
	}
	return q, nil
}

func (q QuietHours) String() string {
	var b strings.Builder
	for _, day := range q.Days {
		b.WriteString(Weekdays()[day] + " ")
	}
	return b.String() + q.From.String() + "-" + q.Until.String()
}
