package rooms

import (
	"slices"
	"testing"
	"time"
)

func TestQuietHoursAreWrittenAsTheyAreRead(t *testing.T) {
	for _, s := range []string{"21:00-08:00", "sat sun 00:00-24:00", "mon 12:30-13:00"} {
		if q, err := ParseQuietHours(s); err != nil || q.String() != s {
			t.Errorf("%s: %s, %v", s, q, err)
		}
	}
	for _, s := range []string{"", "21:00", "21-08", "9:00-10:00", "24:01-08:00", "21:00-25:00", "Mon 21:00-08:00", "mon mon 21:00-08:00", "21:00-08:00 mon", "21:00-08:00-09:00"} {
		if q, err := ParseQuietHours(s); err == nil {
			t.Errorf("%q was read as %s", s, q)
		}
	}
}

func TestPolicyContradictions(t *testing.T) {
	plain := Policy{Retry: []time.Duration{time.Minute}, Expiry: time.Hour}
	quiet := func(lines ...string) (all []QuietHours) {
		for _, s := range lines {
			q, err := ParseQuietHours(s)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, q)
		}
		return all
	}
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	kind := func(schema string) PolicyRules {
		return PolicyRules{Types: []MessageType{{"a", nil}, {"b", []byte(schema)}}}
	}
	nothing := []string{"/types/1/schema"}
	known := Providers{Email: {"smtp"}, SMS: {"a", "b"}}
	for name, tc := range map[string]struct {
		rules PolicyRules
		want  []string
	}{
		"none":                 {PolicyRules{}, nil},
		"a night":              {PolicyRules{Times: Times{Zone: "Asia/Bishkek", Quiet: quiet("21:00-08:00")}}, nil},
		"all but a minute":     {PolicyRules{Times: Times{Quiet: quiet("00:01-24:00", "mon tue wed thu fri sat 00:00-00:01")}}, nil},
		"no minute":            {PolicyRules{Times: Times{Quiet: quiet("12:00-00:00", "00:00-12:00")}}, []string{"/quietHours"}},
		"a whole day, said so": {PolicyRules{Times: Times{Quiet: quiet("sun 00:00-24:00")}}, nil},
		"no time":              {PolicyRules{Times: Times{Quiet: quiet("08:00-08:00")}}, []string{"/quietHours/0/until"}},
		"zone":                 {PolicyRules{Times: Times{Zone: "Asia/Nowhere"}}, []string{"/zone"}},
		"zone of the machine":  {PolicyRules{Times: Times{Zone: "Local"}}, []string{"/zone"}},
		"one day":              {PolicyRules{Times: Times{From: "2026-12-24", Until: "2026-12-24"}}, nil},
		"backwards":            {PolicyRules{Times: Times{From: "2026-12-24", Until: "2026-12-23"}}, []string{"/dates/until"}},
		"no day":               {PolicyRules{Times: Times{From: "2026-12-24", Until: "2026-12-25", Not: []Date{"2026-12-25", "2026-12-24", "2026-12-24"}}}, []string{"/dates/not"}},
		"a day is left":        {PolicyRules{Times: Times{From: "2026-12-24", Until: "2026-12-25", Not: []Date{"2026-12-25", "2026-12-25", "2026-12-26"}}}, nil},
		"falls back":           {PolicyRules{Fallback: []Fallback{{SMS, time.Minute, Email}}}, nil},
		"to itself":            {PolicyRules{Fallback: []Fallback{{SMS, time.Minute, SMS}}}, []string{"/fallback/0/to"}},
		"in a circle":          {PolicyRules{Fallback: []Fallback{{SMS, time.Minute, Email}, {Email, time.Minute, Webhook}, {Webhook, time.Minute, SMS}}}, []string{"/fallback/2/to"}},
		"in two ways":          {PolicyRules{Fallback: []Fallback{{SMS, time.Minute, Email}, {SMS, time.Minute, Webhook}}}, []string{"/fallback/1/from"}},
		"too late":             {PolicyRules{Fallback: []Fallback{{SMS, time.Hour, Email}}}, []string{"/fallback/0/after"}},
		"cap":                  {PolicyRules{Cap: Frequency{3, 24 * time.Hour}}, nil},
		"cap without per":      {PolicyRules{Cap: Frequency{Messages: 3}}, []string{"/cap"}},
		"cap of none":          {PolicyRules{Cap: Frequency{Per: time.Hour}}, []string{"/cap"}},
		"providers":            {PolicyRules{Routes: map[Channel][]Route{SMS: {{"b", 1}, {"a", 2}}}}, nil},
		"another's provider":   {PolicyRules{Routes: map[Channel][]Route{SMS: {{"smtp", 1}}}}, []string{"/providers/sms/0/provider"}},
		"one provider twice":   {PolicyRules{Routes: map[Channel][]Route{SMS: {{"a", 1}, {"a", 2}}}}, []string{"/providers/sms/1/provider"}},
		"a reserve":            {PolicyRules{Routes: map[Channel][]Route{SMS: {{"b", 1}, {"a", 0}}}}, nil},
		"reserves alone":       {PolicyRules{Routes: map[Channel][]Route{SMS: {{"b", 0}, {"a", 0}}}}, []string{"/providers/sms"}},
		"over":                 {PolicyRules{Times: Times{From: "2026-11-01", Until: "2026-11-30"}}, []string{"/dates/until"}},
		"over, there":          {PolicyRules{Times: Times{Zone: "Pacific/Auckland", Until: "2026-12-01"}}, []string{"/dates/until"}},
		"the last day":         {PolicyRules{Times: Times{Until: "2026-12-01"}}, nil},
		"a quiet day":          {PolicyRules{Times: Times{From: "2026-12-27", Until: "2026-12-27", Quiet: quiet("sun 00:00-24:00")}}, []string{"/dates"}},
		"the rest is quiet":    {PolicyRules{Times: Times{Until: "2026-12-01", Quiet: quiet("10:00-24:00")}}, []string{"/dates"}},
		"the rest is without":  {PolicyRules{Times: Times{Until: "2026-12-02", Not: []Date{"2026-12-01", "2026-12-02"}}}, []string{"/dates"}},
		"a minute and its day": {PolicyRules{Quota: Quota{PerMinute: 6, PerDay: 5}, Lanes: map[Lane]Quota{Bulk: {2, 1}, Normal: {2, 2}}}, []string{"/quota/perMinute", "/lanes/bulk/perMinute"}},
		"a minute alone":       {PolicyRules{Quota: Quota{PerMinute: 6}}, nil},
		"nothing":              {kind(`false`), nothing},
		"not anything":         {kind(`{"not":{}}`), nothing},
		"not true":             {kind(`{"not":true}`), nothing},
		"a text":               {kind(`{"type":"string"}`), nothing},
		"of an empty list":     {kind(`{"enum":[]}`), nothing},
		"one and nothing":      {kind(`{"allOf":[{"type":"object"},false]}`), nothing},
		"nothing or nothing":   {kind(`{"anyOf":[false,{"type":["string","null"]}]}`), nothing},
		"nothing or something": {kind(`{"oneOf":[false,{"type":["string","object"]}],"not":{"required":["x"]},"const":{"text":"x"}}`), nil},
		"whom to ask":          {PolicyRules{Check: ExternalCheck{Timeout: time.Second}}, []string{"/check/url"}},
	} {
		plain.PolicyRules = tc.rules
		var got []string
		for _, f := range plain.Faults(known, now) {
			got = append(got, f.Pointer)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
	plain.PolicyRules = PolicyRules{Routes: map[Channel][]Route{SMS: {{"unheard-of", 1}}}}
	if faults := plain.Faults(nil, now); len(faults) > 0 {
		t.Errorf("of providers that are not known here: %v", faults)
	}
}

// What lasts no longer than the first wait is tried once, whatever retry says.
func TestExpiryOutlastsTheFirstWait(t *testing.T) {
	for expiry, want := range map[time.Duration]int{time.Minute - 1: 1, time.Minute: 1, time.Minute + 1: 0} {
		p := Policy{Retry: []time.Duration{time.Minute}, Expiry: expiry}
		if faults := p.Faults(nil, time.Time{}); len(faults) != want {
			t.Errorf("%s: %v", expiry, faults)
		}
	}
}

func TestDraftsEndAndChangeHands(t *testing.T) {
	for _, state := range []PolicyState{PolicyDraft, PolicySubmitted, PolicyApproved, PolicyPublished, PolicyRetired} {
		one := PolicyRevision{Policy: Policy{Revision: Revision{"patient", 2}}, State: state, Author: "boss", Approver: "officer", Entry: 7}
		gone, err := one.Delete("boss")
		if (err == nil) != (state == PolicyDraft) || err == nil && (gone.State != PolicyDeleted || gone.Entry != 7 || gone.Revision != one.Revision) {
			t.Errorf("%s: %+v, %v", state, gone, err)
		}
		if _, err := one.Delete("deputy"); err != ErrOtherPolicy {
			t.Errorf("%s, by another: %v", state, err)
		}
		next := one.HandOver("deputy")
		if next.Author != "deputy" || one.Applied() != (next.State == state && next.Approver == "officer") {
			t.Errorf("%s: %+v", state, next)
		}
		if next.Readable("boss") != one.Applied() || !next.Readable("deputy") {
			t.Errorf("%s: who may read it?", state)
		}
	}
}
