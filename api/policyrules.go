package api

import (
	"bytes"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// revisionOf gives a revision with all its rules the form of the API.
func revisionOf(one rooms.PolicyRevision) v1.PolicyRevision {
	out := v1.PolicyRevision{
		Name: one.Name, Revision: one.Revision.Revision, State: v1.PolicyState(one.State),
		Retry: []string{}, Jitter: one.Jitter, Expiry: span(one.Expiry), Duplicates: v1.PolicyDuplicates(one.Duplicates), Unknown: v1.PolicyUnknown(one.Unknown),
		Author: string(one.Author), Approver: string(one.Approver), ChangedAt: one.ChangedAt,

		Quota: quotaOf(one.Quota), Content: v1.PolicyContent{Segments: one.Content.Segments, Bytes: one.Content.Bytes, Transliterate: one.Content.Transliterate},
		Release: v1.PolicyRelease(one.Release), Zone: one.Times.Zone, HoldAfter: one.HoldAfter, History: v1.PolicyHistory(one.History),
		Dates: v1.PolicyDates{From: string(one.Times.From), Until: string(one.Times.Until)},
	}
	for _, wait := range one.Retry {
		out.Retry = append(out.Retry, span(wait))
	}
	takingOf(&out, one.PolicyRules)
	sendingOf(&out, one.PolicyRules)
	return out
}

func takingOf(out *v1.PolicyRevision, r rooms.PolicyRules) {
	if r.Lanes != nil {
		out.Lanes = v1.PolicyLanes{}
	}
	for lane, q := range r.Lanes {
		out.Lanes[string(lane)] = quotaOf(q)
	}
	for _, t := range r.Types {
		one := v1.PolicyType{Type: string(t.Type)}
		if len(t.Schema) > 0 {
			one.Schema = jsontext.Value(t.Schema)
		}
		out.Types = append(out.Types, one)
	}
	out.Check.URL = r.Check.URL.Reveal()
	if r.Check.Timeout > 0 {
		out.Check.Timeout = span(r.Check.Timeout)
	}
}

func sendingOf(out *v1.PolicyRevision, r rooms.PolicyRules) {
	for channel, routes := range r.Routes {
		if out.Providers == nil {
			out.Providers = v1.PolicyProviders{}
		}
		for _, route := range routes {
			out.Providers[string(channel)] = append(out.Providers[string(channel)], v1.PolicyProvider(route))
		}
	}
	for _, f := range r.Fallback {
		out.Fallback = append(out.Fallback, v1.PolicyFallback{From: v1.Channel(f.From), After: span(f.After), To: v1.Channel(f.To)})
	}
	for _, q := range r.Times.Quiet {
		hours := v1.QuietHours{From: q.From.String(), Until: q.Until.String()}
		for _, day := range q.Days {
			hours.Days = append(hours.Days, v1.QuietHoursDays(rooms.Weekdays()[day]))
		}
		out.QuietHours = append(out.QuietHours, hours)
	}
	for _, day := range r.Times.Not {
		out.Dates.Not = append(out.Dates.Not, string(day))
	}
	for _, c := range r.SentIsDelivered {
		out.SentIsDelivered = append(out.SentIsDelivered, v1.Channel(c))
	}
	if r.Replies.Window != 0 {
		out.Replies.Window = span(r.Replies.Window)
	}
	if r.Cap != (rooms.Frequency{}) {
		out.Cap = v1.PolicyCap{Messages: r.Cap.Messages, Per: span(r.Cap.Per)}
	}
}

// differences names the rules in which two revisions differ, with their values as the caller may see them; a rule that
// one of them does not have is null there.
func differences(c *call, a, b rooms.PolicyRevision) []v1.PolicyChange {
	changes := []v1.PolicyChange{}
	before, after := rulesOf(revisionOf(a)), rulesOf(revisionOf(b))
	seen, seenToo := rulesOf(shown(c, a)), rulesOf(shown(c, b))
	for i, rule := range before {
		if !sameRule(rule.value, after[i].value) {
			changes = append(changes, v1.PolicyChange{Pointer: rule.pointer, From: orNull(seen[i].value), To: orNull(seenToo[i].value)})
		}
	}
	return changes
}

// rule is a member of a policy, and its value.
type rule struct {
	pointer string
	value   any
}

// rulesOf are all rules there are, in the order of the document.
func rulesOf(r v1.PolicyRevision) []rule {
	return []rule{
		{"/retry", r.Retry}, {"/jitter", r.Jitter}, {"/expiry", r.Expiry}, {"/duplicates", r.Duplicates}, {"/unknown", r.Unknown},
		{"/quota", r.Quota}, {"/lanes", r.Lanes}, {"/content", r.Content}, {"/types", r.Types}, {"/check", r.Check}, {"/release", r.Release},
		{"/providers", r.Providers}, {"/fallback", r.Fallback}, {"/zone", r.Zone}, {"/quietHours", r.QuietHours}, {"/dates", r.Dates},
		{"/cap", r.Cap}, {"/sentIsDelivered", r.SentIsDelivered}, {"/holdAfter", r.HoldAfter}, {"/history", r.History},
		{"/replies", r.Replies},
	}
}

// orNull is the value, or nil if it is the zero value of a rule that there need not be; jitter always is.
func orNull(v any) any {
	if _, jitter := v.(float64); !jitter && reflect.ValueOf(v).IsZero() {
		return nil
	}
	return v
}

func quotaOf(q rooms.Quota) v1.PolicyQuota {
	return v1.PolicyQuota{PerMinute: q.PerMinute, PerDay: q.PerDay}
}

// sameRule says whether two values of a rule mean the same: in what order the members of a schema stand does not matter.
func sameRule(a, b any) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	v, w := jsontext.Value(x), jsontext.Value(y)
	if errX != nil || errY != nil || v.Canonicalize() != nil || w.Canonicalize() != nil {
		return false
	}
	return bytes.Equal(v, w)
}
