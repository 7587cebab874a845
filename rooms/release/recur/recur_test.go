package recur_test

import (
	"errors"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // wherever the test runs

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/release/recur"
)

func rule(t *testing.T, cron, zone string) recur.Rule {
	t.Helper()
	r, err := recur.Parse(rooms.Repeat{Cron: cron, Zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func moment(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// Clocks in Zürich are put forward on 29 March 2026 from 2:00 to 3:00 and back on 25 October 2026 from 3:00 to 2:00.
func TestTimes(t *testing.T) {
	for name, c := range map[string]struct {
		cron, zone, after string
		want              []string
	}{
		"each Monday":                 {"0 9 * * 1", "Asia/Bishkek", "2026-11-22T00:00:00Z", []string{"2026-11-23T03:00:00Z", "2026-11-30T03:00:00Z"}},
		"strictly after":              {"0 9 * * 1", "Asia/Bishkek", "2026-11-23T03:00:00Z", []string{"2026-11-30T03:00:00Z"}},
		"an hour that is not there":   {"30 2 * * *", "Europe/Zurich", "2026-03-28T00:00:00Z", []string{"2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"}},
		"an hour that is there twice": {"30 2 * * *", "Europe/Zurich", "2026-10-24T12:00:00Z", []string{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
		"each hour, forward":          {"0 * * * *", "Europe/Zurich", "2026-03-29T00:30:00Z", []string{"2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"}},
		"each hour, back":             {"0 * * * *", "Europe/Zurich", "2026-10-24T23:30:00Z", []string{"2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"}},
		"after both":                  {"0 3 * * *", "Europe/Zurich", "2026-10-24T12:00:00Z", []string{"2026-10-25T02:00:00Z"}},
		"the gap's own border":        {"0 3 * * *", "Europe/Zurich", "2026-03-28T12:00:00Z", []string{"2026-03-29T01:00:00Z"}},
		"half an hour of summer":      {"45 1 * * *", "Australia/Lord_Howe", "2026-04-03T20:00:00Z", []string{"2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"}},
		"Sunday is 7":                 {"0 9 * * 7", "UTC", "2026-11-22T10:00:00Z", []string{"2026-11-29T09:00:00Z"}},
		"the end of a week":           {"0 9 * * 6-7,1", "UTC", "2026-11-20T10:00:00Z", []string{"2026-11-21T09:00:00Z", "2026-11-22T09:00:00Z", "2026-11-23T09:00:00Z", "2026-11-28T09:00:00Z"}},
		"a leap day":                  {"0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", []string{"2028-02-29T00:00:00Z"}},
	} {
		t.Run(name, func(t *testing.T) {
			at := moment(t, c.after)
			var got []string
			for range c.want {
				at, _ = rule(t, c.cron, c.zone).Next(at)
				got = append(got, at.Format(time.RFC3339))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestWhatIsNoRule(t *testing.T) {
	for _, cron := range []string{"", "@daily", "@every 1m", "@reboot", "* * * *", "* * * * * *", "60 * * * *", "0 9 * * 8", "0 9 * * 7-7", "0 9 * * 8-7", "0 9 * * 1 ", "TZ=UTC 0 9 * *", "a b c d e", "0 9 * * 1\n"} {
		_, err := recur.Parse(rooms.Repeat{Cron: cron, Zone: "UTC"})
		if (err == nil) != (cron == "0 9 * * 1 ") {
			t.Errorf("%q: %v", cron, err)
		}
	}
	for _, zone := range []string{"", "Local", "Mars/Olympus", "../UTC"} {
		if _, err := recur.Parse(rooms.Repeat{Cron: "0 9 * * 1", Zone: zone}); !errors.Is(err, recur.ErrZone) {
			t.Errorf("zone %q: %v", zone, err)
		}
	}
}

func TestCheck(t *testing.T) {
	from := moment(t, "2026-01-01T00:00:00Z")
	for _, c := range []struct {
		cron  string
		least time.Duration
		want  error
	}{
		{"0 9 * * 1", time.Minute, nil},
		{"* * * * *", time.Minute, nil},
		{"* * * * *", time.Hour, recur.ErrOften},
		{"0,5 9 * * *", time.Hour, recur.ErrOften},
		{"0 0 30 2 *", time.Minute, recur.ErrNever},
		{"0 0 29 2 *", time.Minute, recur.ErrFar},
	} {
		if err := rule(t, c.cron, "UTC").Check(from, from.AddDate(1, 0, 0), c.least); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.cron, err, c.want)
		}
	}
}

func TestLatestAndEnd(t *testing.T) {
	r := rule(t, "0 9 * * *", "UTC")
	from := moment(t, "2026-01-01T00:00:00Z")
	if got, ok := r.Latest(from, moment(t, "2026-01-05T08:59:59Z")); !ok || got != moment(t, "2026-01-04T09:00:00Z") {
		t.Errorf("got %v, %v", got, ok)
	}
	if got, ok := r.Latest(from, moment(t, "2026-01-01T08:00:00Z")); ok {
		t.Errorf("got %v before the first", got)
	}
	if got := r.End(from, 3); got != moment(t, "2026-01-03T09:00:00Z") {
		t.Errorf("the third is %v", got)
	}
	short, err := recur.Parse(rooms.Repeat{Cron: "0 9 * * *", Zone: "UTC", Until: moment(t, "2026-01-02T09:00:00Z")})
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := short.Next(moment(t, "2026-01-02T09:00:00Z")); ok {
		t.Errorf("%v is after the end", got)
	}
	if got := short.End(from, 10); got != moment(t, "2026-01-02T09:00:00Z") {
		t.Errorf("the last is %v", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"0 9 * * 1", "*/5 0-4,22 1 JAN-MAR mon", "0 0 31 2 *", "? ? ? ? ?", "1-/ * * * *", "59/0 * * * *"} {
		f.Add(s, "Europe/Zurich")
	}
	from := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, cron, zone string) {
		r, err := recur.Parse(rooms.Repeat{Cron: cron, Zone: zone})
		if err != nil {
			return
		}
		at := from
		for range 5 {
			next, ok := r.Next(at)
			if !ok {
				return
			}
			if !next.After(at) {
				t.Fatalf("%q: %v follows %v", cron, next, at)
			}
			at = next
		}
	})
}
