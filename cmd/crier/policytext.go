package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
)

// ruleText is a rule for people.
type ruleText struct{ name, text string }

// furtherRules are the rules that a revision has beside those of its attempts.
func furtherRules(r v1.PolicyRevision) []ruleText {
	all := []ruleText{
		{"unknown", string(r.Unknown)}, {"quota", quotaText(r.Quota)}, {"lanes", lanesText(r.Lanes)}, {"content", contentText(r.Content)}, {"types", typesText(r.Types)},
		{"check", checkText(r.Check)}, {"release", string(r.Release)}, {"providers", providersText(r.Providers)}, {"fallback", fallbackText(r.Fallback)},
		{"zone", r.Zone}, {"quietHours", quietText(r.QuietHours)}, {"dates", datesText(r.Dates)}, {"cap", capText(r.Cap)},
		{"sentIsDelivered", joined(r.SentIsDelivered)}, {"holdAfter", counted(r.HoldAfter, "failed delivery", "failed deliveries")}, {"history", string(r.History)}, {"replies", r.Replies.Window},
	}
	return slices.DeleteFunc(all, func(r ruleText) bool { return r.text == "" })
}

func joined[T ~string](all []T) string {
	var words []string
	for _, one := range all {
		words = append(words, string(one))
	}
	return strings.Join(words, ", ")
}

// counted is empty for nothing.
func counted(n int, one, many string) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// sentence joins what is there.
func sentence(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

func quotaText(q v1.PolicyQuota) string {
	return sentence(counted(q.PerMinute, "a minute", "a minute"), counted(q.PerDay, "a day", "a day"))
}

func lanesText(lanes v1.PolicyLanes) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(lanes)) {
		if q := quotaText(lanes[name]); q != "" {
			name += " (" + q + ")"
		}
		all = append(all, name)
	}
	return strings.Join(all, ", ")
}

func contentText(c v1.PolicyContent) string {
	return sentence(limitsText(c), map[bool]string{true: "SMS transliterated"}[c.Transliterate])
}

func limitsText(c v1.PolicyContent) string {
	return sentence(counted(c.Segments, "segment of an SMS", "segments of an SMS"), counted(c.Bytes, "byte", "bytes"))
}

func typesText(types v1.PolicyTypes) string {
	var all []string
	for _, t := range types {
		if t.Schema != nil {
			t.Type += " (with a schema)"
		}
		all = append(all, t.Type)
	}
	return strings.Join(all, ", ")
}

func checkText(c v1.PolicyCheck) string {
	switch {
	case c == v1.PolicyCheck{}:
		return ""
	case c.URL == "":
		c.URL = "an application"
	}
	return c.URL + " within " + c.Timeout
}

func providersText(p v1.PolicyProviders) string {
	var all []string
	for _, channel := range slices.Sorted(maps.Keys(p)) {
		var names []string
		for _, one := range p[channel] {
			if one.Weight == 0 {
				names = append(names, one.Provider+" (reserve)")
				continue
			}
			names = append(names, fmt.Sprintf("%s (%d)", one.Provider, one.Weight))
		}
		all = append(all, channel+" by "+strings.Join(names, ", "))
	}
	return strings.Join(all, "; ")
}

func fallbackText(all v1.PolicyFallbacks) string {
	var ways []string
	for _, f := range all {
		ways = append(ways, fmt.Sprintf("from %s to %s after %s", f.From, f.To, f.After))
	}
	return strings.Join(ways, ", ")
}

func quietText(all v1.PolicyQuietHours) string {
	var lines []string
	for _, q := range all {
		var words []string
		for _, day := range q.Days {
			words = append(words, string(day))
		}
		lines = append(lines, strings.Join(append(words, q.From+"-"+q.Until), " "))
	}
	return strings.Join(lines, ", ")
}

func datesText(d v1.PolicyDates) string {
	var parts []string
	if d.From != "" {
		parts = append(parts, "from "+d.From)
	}
	if d.Until != "" {
		parts = append(parts, "until "+d.Until)
	}
	if len(d.Not) > 0 {
		parts = append(parts, "not on "+joined(d.Not))
	}
	return strings.Join(parts, " ")
}

func capText(c v1.PolicyCap) string {
	if c.Messages == 0 {
		return ""
	}
	return fmt.Sprintf("%d in %s", c.Messages, c.Per)
}

// brief writes a value of a comparison in one word or line.
func brief(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case map[string]any:
		return compact(v)
	case []any:
		if len(v) > 0 {
			if _, object := v[0].(map[string]any); object {
				return compact(v)
			}
		}
	}
	return fmt.Sprint(v)
}

func compact(v any) string {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
