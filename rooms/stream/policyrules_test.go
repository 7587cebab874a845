package stream

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// every is a policy with all rules there are.
func every(t *testing.T) rooms.PolicyRules {
	t.Helper()
	url, err := rooms.ParseURL("https://check.example.org/?key=sesame")
	if err != nil {
		t.Fatal(err)
	}
	return rooms.PolicyRules{
		Lanes: map[rooms.Lane]rooms.Quota{rooms.Bulk: {PerDay: 5}, rooms.Normal: {}}, Quota: rooms.Quota{PerMinute: 10, PerDay: 100},
		Content: rooms.ContentLimits{Segments: 2, Bytes: 4000}, Types: []rooms.MessageType{{Type: "news"}, {Type: "bill", Schema: []byte(`{"type": "object"}`)}},
		Check: rooms.ExternalCheck{URL: url, Timeout: 2 * time.Second}, Release: rooms.ReleaseTwoPerson,
		Routes:   map[rooms.Channel][]rooms.Route{rooms.SMS: {{Provider: "a", Weight: 3}, {Provider: "b", Weight: 1}}},
		Fallback: []rooms.Fallback{{From: rooms.SMS, After: 10 * time.Minute, To: rooms.Email}},
		Times: rooms.Times{Zone: "Asia/Bishkek", From: "2026-12-01", Until: "2026-12-31", Not: []rooms.Date{"2026-12-24"},
			Quiet: []rooms.QuietHours{{From: 1260, Until: 480}, {Days: []time.Weekday{time.Sunday, time.Monday}, From: 0, Until: 1440}}},
		Cap: rooms.Frequency{Messages: 3, Per: 24 * time.Hour}, SentIsDelivered: []rooms.Channel{rooms.Email}, HoldAfter: 50, History: rooms.HistoryErased,
		Replies: rooms.Replies{Window: 48 * time.Hour},
	}
}

// What is stored of a policy comes back, but for the URL of its check, which stands nowhere in the clear.
func TestEveryRuleIsStored(t *testing.T) {
	p := rooms.PolicyRevision{Policy: rooms.Policy{
		Revision: rooms.Revision{Name: "patient", Revision: 1}, Retry: []time.Duration{time.Second}, Jitter: 0.5, Expiry: time.Hour, Duplicates: "avoid", Unknown: "resend", PolicyRules: every(t),
	}, State: rooms.PolicyDraft, Author: "boss", Approver: "officer", ChangedAt: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), Sealed: []byte("sealed")}
	rules := reflect.ValueOf(p.PolicyRules)
	for i := range rules.NumField() {
		if rules.Field(i).IsZero() {
			t.Errorf("%s is not tried here", rules.Type().Field(i).Name)
		}
	}
	data, err := encodePolicy(p)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "sesame") || strings.Contains(string(data), "check.example.org") {
		t.Errorf("the URL stands there: %s", data)
	}
	got, err := decodePolicy(stored{data: data, sequence: 7})
	p.Entry, p.Check.URL = 7, rooms.Address{}
	if err != nil || !reflect.DeepEqual(got, p) {
		t.Errorf("%v\n%+v, want\n%+v", err, got, p)
	}
}

// What was stored before there were these rules has none of them.
func TestEarlierPoliciesAreRead(t *testing.T) {
	const entry = `{"name":"patient","revision":1,"retry":[1000000000],"jitter":0.5,"expiry":3600000000000,"duplicates":"resend","state":"published","author":"boss","changedAt":"2026-11-22T12:00:00Z"}`
	got, err := decodePolicy(stored{data: []byte(entry)})
	if err != nil || got.Retry[0] != time.Second || got.Expiry != time.Hour || !reflect.DeepEqual(got.PolicyRules, rooms.PolicyRules{}) || got.Sealed != nil {
		t.Errorf("%+v, %v", got, err)
	}
	got.Entry = 0
	if data, err := encodePolicy(got); err != nil || string(data) != entry {
		t.Errorf("%s, %v", data, err)
	}
}
