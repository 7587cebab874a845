package request

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

func policyLimits() PolicyLimits {
	return PolicyLimits{MaxExpiry: 168 * time.Hour, Providers: rooms.Providers{rooms.SMS: {"a", "b"}}, Allowed: func(a rooms.Address) error {
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
		`{"cap":{"messages":3,"per":"24h"},"sentIsDelivered":["sms","email"],"holdAfter":7}`, `{"quota":{},"lanes":{},"types":[],"check":{},"cap":{},"zone":""}`,
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
		if faults := p.Faults(policyLimits().Providers); len(faults) > 0 || p.Revision != base.Revision || p.Expiry > 168*time.Hour {
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
