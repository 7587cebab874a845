package rooms

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func moment(t testing.TB, zone, text string) time.Time {
	t.Helper()
	l, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04:05", text, l)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestWhenPeopleMayBeWrittenTo(t *testing.T) {
	night := []QuietHours{{From: 22 * 60, Until: 6 * 60}}
	const zurich = "Europe/Zurich" // forward on 2026-03-29 at 2:00, back on 2026-10-25 at 3:00
	for name, tc := range map[string]struct {
		times    Times
		at, want string // "": never
	}{
		"no rule":                      {Times{}, "2026-11-22 03:00:30", "2026-11-22 03:00:30"},
		"by day":                       {Times{Quiet: night}, "2026-11-22 12:00:30", "2026-11-22 12:00:30"},
		"the last second":              {Times{Quiet: night}, "2026-11-22 21:59:59", "2026-11-22 21:59:59"},
		"before midnight":              {Times{Quiet: night}, "2026-11-22 22:00:00", "2026-11-23 06:00:00"},
		"after midnight":               {Times{Quiet: night}, "2026-11-22 00:00:01", "2026-11-22 06:00:00"},
		"night in which clocks go on":  {Times{Quiet: night}, "2026-03-28 23:00:00", "2026-03-29 06:00:00"},
		"night in which they go back":  {Times{Quiet: night}, "2026-10-24 23:00:00", "2026-10-25 06:00:00"},
		"until an hour that is not":    {Times{Quiet: []QuietHours{{From: 0, Until: 150}}}, "2026-03-29 01:10:00", "2026-03-29 03:00:00"},
		"beginning in it":              {Times{Quiet: []QuietHours{{From: 150, Until: 240}}}, "2026-03-29 01:59:00", "2026-03-29 01:59:00"},
		"and quiet after it":           {Times{Quiet: []QuietHours{{From: 150, Until: 240}}}, "2026-03-29 03:00:00", "2026-03-29 04:00:00"},
		"weekend":                      {Times{Quiet: []QuietHours{{Days: []time.Weekday{time.Saturday, time.Sunday}}}}, "2026-11-21 00:00:00", "2026-11-23 00:00:00"},
		"Friday's night ends Saturday": {Times{Quiet: []QuietHours{{Days: []time.Weekday{time.Friday}, From: 1200, Until: 480}}}, "2026-11-21 07:00:00", "2026-11-21 08:00:00"},
		"Saturday's is not quiet":      {Times{Quiet: []QuietHours{{Days: []time.Weekday{time.Friday}, From: 1200, Until: 480}}}, "2026-11-22 07:00:00", "2026-11-22 07:00:00"},
		"not yet":                      {Times{From: "2036-11-25"}, "2026-11-22 07:00:00", "2036-11-25 00:00:00"},
		"the last day":                 {Times{Until: "2026-11-22"}, "2026-11-22 23:59:59", "2026-11-22 23:59:59"},
		"no longer":                    {Times{Until: "2026-11-22"}, "2026-11-23 00:00:00", ""},
		"quiet until it is over":       {Times{Until: "2026-11-22", Quiet: night}, "2026-11-22 22:30:00", ""},
		"a holiday":                    {Times{Not: []Date{"2026-12-24", "2026-12-25"}, Quiet: night}, "2026-12-24 08:00:00", "2026-12-26 06:00:00"},
		"always quiet":                 {Times{Quiet: []QuietHours{{From: 600, Until: 600}}}, "2026-12-24 08:00:00", ""},
	} {
		t.Run(name, func(t *testing.T) {
			tc.times.Zone = zurich
			got, ok := tc.times.Next(moment(t, zurich, tc.at))
			if ok != (tc.want != "") || ok && !got.Equal(moment(t, zurich, tc.want)) {
				t.Errorf("%s, %v; want %s", got, ok, tc.want)
			}
		})
	}
}

// The hour that Zurich's clocks repeat is quiet both times.
func TestHourThatExistsTwice(t *testing.T) {
	times := Times{Zone: "Europe/Zurich", Quiet: []QuietHours{{From: 120, Until: 180}}}
	begins := time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC) // 2:00 for the first time
	for at := begins; at.Before(begins.Add(2 * time.Hour)); at = at.Add(10 * time.Minute) {
		if got, ok := times.Next(at); !ok || !got.Equal(begins.Add(2*time.Hour)) {
			t.Errorf("at %s: %s, %v", at, got, ok)
		}
	}
}

// allowed asks the clock on the wall, in other words than Next does.
func allowed(s Times, wall time.Time) bool {
	date := Date(wall.Format(time.DateOnly))
	if s.From != "" && date < s.From || s.Until != "" && date > s.Until || slices.Contains(s.Not, date) {
		return false
	}
	clock := TimeOfDay(60*wall.Hour() + wall.Minute())
	begins := func(q QuietHours, day time.Weekday) bool { return q.Days == nil || slices.Contains(q.Days, day) }
	for _, q := range s.Quiet {
		today, yesterday := begins(q, wall.Weekday()), begins(q, (wall.Weekday()+6)%7)
		if q.From < q.Until {
			if today && clock >= q.From && clock < q.Until {
				return false
			}
			continue
		}
		if today && clock >= q.From || yesterday && clock < q.Until {
			return false
		}
	}
	return true
}

// Next finds what a search minute by minute finds, in zones and weeks in which clocks are set.
func TestNextAgainstMinutes(t *testing.T) {
	rules := rand.New(rand.NewPCG(7, 2026))
	days := []string{"2026-03-27", "2026-10-23", "2026-04-03", "2026-10-02", "2026-04-23", "2026-06-10", "2011-12-28"}
	zones := []string{"Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Bishkek", "Asia/Beirut", "Pacific/Apia", ""}
	for range 1500 {
		s := Times{Zone: zones[rules.IntN(len(zones))]}
		for range rules.IntN(4) {
			q := QuietHours{From: TimeOfDay(rules.IntN(1440)), Until: TimeOfDay(rules.IntN(1440))}
			if rules.IntN(2) == 0 {
				for range rules.IntN(4) + 1 {
					q.Days = append(q.Days, time.Weekday(rules.IntN(7)))
				}
			}
			s.Quiet = append(s.Quiet, q)
		}
		zone, err := time.LoadLocation(s.Zone)
		if err != nil {
			t.Fatal(err)
		}
		day, err := time.ParseInLocation(time.DateOnly, days[rules.IntN(len(days))], zone)
		if err != nil {
			t.Fatal(err)
		}
		date := func(most int) Date { return Date(day.AddDate(0, 0, rules.IntN(most)).Format(time.DateOnly)) }
		for range rules.IntN(3) {
			s.Not = append(s.Not, date(6))
		}
		if rules.IntN(4) == 0 {
			s.From = date(6)
		}
		if rules.IntN(4) == 0 {
			s.Until = date(9)
		}
		at := day.Add(time.Duration(rules.Int64N(int64(4 * 24 * time.Hour))))
		want, found := at.Truncate(time.Minute), allowed(s, at)
		for !found && want.Before(at.AddDate(0, 0, 20)) {
			want = want.Add(time.Minute)
			found = allowed(s, want)
		}
		if allowed(s, at) {
			want = at
		}
		if got, ok := s.Next(at); ok != found || ok && !got.Equal(want) {
			t.Fatalf("%+v at %s: %s, %v; want %s, %v", s, at, got, ok, want, found)
		}
		if err := s.Check(); err == nil && s.Until == "" && !found {
			t.Fatalf("%+v has no moment and is said to be valid", s)
		}
	}
}

func TestTimesThatAreRefused(t *testing.T) {
	for name, s := range map[string]Times{
		"zone":          {Zone: "Mars/Olympus"},
		"date":          {Not: []Date{"2026-02-30"}},
		"no date":       {Not: []Date{""}},
		"first":         {From: "24.12.2026"},
		"order":         {From: "2026-12-24", Until: "2026-12-23"},
		"time of day":   {Quiet: []QuietHours{{From: 0, Until: 1441}}},
		"before midday": {Quiet: []QuietHours{{From: -1, Until: 10}}},
		"weekday":       {Quiet: []QuietHours{{Days: []time.Weekday{7}, From: 0, Until: 10}}},
		"all day":       {Quiet: []QuietHours{{From: 0, Until: 0}}},
		"all week":      {Quiet: []QuietHours{{From: 0, Until: 700}, {From: 700, Until: 1440}}},
		"no day":        {From: "2026-12-24", Until: "2026-12-25", Not: []Date{"2026-12-25", "2026-12-24"}},
		"no hour":       {From: "2026-12-24", Until: "2026-12-24", Quiet: []QuietHours{{Days: []time.Weekday{time.Thursday}, From: 0, Until: 1440}}},
	} {
		if err := s.Check(); !errors.Is(err, ErrTimes) {
			t.Errorf("%s: %v", name, err)
		}
		s.Next(moment(t, "", "2026-11-22 12:00:00")) // ends
	}
	for _, s := range []Times{{}, {Zone: "Asia/Bishkek", Quiet: []QuietHours{{From: 1320, Until: 360}}, Until: "2026-12-24"}} {
		if err := s.Check(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func BenchmarkNextAllowed(b *testing.B) {
	s := Times{Zone: "Asia/Bishkek", Quiet: []QuietHours{{From: 22 * 60, Until: 6 * 60}}}
	at := moment(b, s.Zone, "2026-11-22 12:00:00")
	for b.Loop() {
		s.Next(at)
	}
}
