package request

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/rooms"
)

func policyLimits() PolicyLimits {
	return PolicyLimits{Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), MaxExpiry: 168 * time.Hour, Providers: rooms.Providers{rooms.SMS: {"a", "b"}}, Allowed: func(a rooms.Address) error {
		if a.Same() == "https://no.example/" {
			return errors.New("not there")
		}
		return nil
	}}
}

// FuzzParsePolicyRules: whatever comes, it is refused with faults that can be shown, or the rules contradict nothing,
// and the same rules come of it again.
func FuzzParsePolicyRules(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `{"retry":["1s"],"jitter":0.5,"expiry":"1h","duplicates":"avoid"}`, `{"quota":{"perMinute":1},"lanes":{"bulk":{"perDay":2}}}`,
		`{"content":{"segments":1,"bytes":2,"transliterate":true},"types":[{"type":"a","schema":{"type":"object"}},{"type":"b"}]}`, `{"types":[{"schema":{"$ref":"#"}}]}`,
		`{"check":{"url":"https://no.example/","timeout":"1s"}}`, `{"check":{"url":"https://a.example/?x"}}`, `{"release":"two-person","history":"erase"}`,
		`{"providers":{"sms":[{"provider":"a","weight":3},{"provider":"c"}]},"fallback":[{"from":"sms","after":"1h","to":"email"},{"from":"email","after":"1h","to":"sms"}]}`,
		`{"zone":"Asia/Bishkek","quietHours":[{"days":["mon"],"from":"21:00","until":"24:00"}],"dates":{"from":"2026-12-24","not":["2026-12-25"]}}`,
		`{"cap":{"messages":3,"per":"24h"},"sentIsDelivered":["sms","email"],"holdAfter":7}`, `{"holdAfter":null}`, `{"quota":null}`, `{"quota":{},"lanes":{},"types":[],"check":{},"cap":{},"zone":""}`,
		`{"a~b/c":[[[]]]}`, `{"lanes":{"\u0000":1}}`, `{"types":[{"type":"a","schema":{"~/":{"$ref":"x"}}}]}`,
	} {
		f.Add([]byte(seed))
	}
	base := rooms.Policy{Revision: rooms.Revision{Name: "p", Revision: 7}, Retry: []time.Duration{time.Minute}, Expiry: time.Hour, Duplicates: "resend"}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := ParsePolicyRules(body, base, policyLimits())
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if faults := p.Faults(policyLimits().Providers, policyLimits().Now); len(faults) > 0 || p.Revision != base.Revision || p.Expiry > 168*time.Hour {
			t.Errorf("%+v, %v", p, faults)
		}
		if p.Check.URL.IsZero() != (p.Check.Timeout == 0) {
			t.Errorf("whom to ask, and how long: %+v", p.Check)
		}
		again, err := ParsePolicyRules(body, base, policyLimits())
		again.Check.URL, p.Check.URL = rooms.Address{}, rooms.Address{}
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Errorf("%v\n%+v\n%+v", err, p, again)
		}
	})
}

// To allow none is not to allow any number: 0 is refused. What is left out, or null, is not limited.
func TestLimitsOfNone(t *testing.T) {
	base := rooms.Policy{Retry: []time.Duration{time.Minute}, Expiry: time.Hour, Duplicates: "resend", PolicyRules: rooms.PolicyRules{
		HoldAfter: 7, Quota: rooms.Quota{PerDay: 5}, Content: rooms.ContentLimits{Segments: 2},
	}}
	for body, want := range map[string]string{
		`{"quota":{"perDay":0}}`: "/quota/perDay", `{"quota":{"perMinute":0}}`: "/quota/perMinute", `{"lanes":{"bulk":{"perDay":0}}}`: "/lanes/bulk/perDay",
		`{"content":{"segments":0}}`: "/content/segments", `{"content":{"bytes":0}}`: "/content/bytes", `{"holdAfter":0}`: "/holdAfter",
		`{"cap":{"messages":0}}`: "/cap/messages", `{"quota":null}`: "/quota", `{"content":{"segments":null}}`: "/content/segments",
	} {
		_, err := ParsePolicyRules([]byte(body), base, policyLimits())
		var p *problem.Error
		if !errors.As(err, &p) || len(p.Faults) != 1 || p.Faults[0].Pointer != want {
			t.Errorf("%s: %v", body, err)
		}
	}
	p, err := ParsePolicyRules([]byte(`{"quota":{},"content":{},"holdAfter":null}`), base, policyLimits())
	if err != nil || p.HoldAfter != 0 || p.Quota != (rooms.Quota{}) || p.Content != (rooms.ContentLimits{}) {
		t.Errorf("%+v, %v", p, err)
	}
}
