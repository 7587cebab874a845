package request

import (
	"slices"
	"testing"

	"github.com/govcrier/crier/rooms"
)

// FuzzParseFailedSweep: whatever comes, it is refused with faults that can be shown, or picks out what there can be.
func FuzzParseFailedSweep(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `[]`, `{"umid":"01KAMVJVG0ZJ2C5YD3GZ7A8Q4M","type":"reminder","reasons":["expired","unknown"],"channels":["sms"],"since":"2026-11-22T08:00:00Z"}`,
		`{"until":"2026-11-22","cursor":1}`, `{"deliveries":[0,1,-1,1e3,99999999999]}`, `{"reasons":[""],"channels":["fax"]}`, `{"reasons":null,"more":{}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		sweep, cursor, err := ParseFailedSweep(body)
		if err != nil {
			checkRefusal(t, err)
		} else if _, bad := rooms.ParseUMID(string(cursor)); cursor != "" && bad != nil || len(sweep.Deliveries) > 0 || slices.Contains(sweep.Reasons, rooms.NoReason) {
			t.Errorf("%+v %s", sweep, cursor)
		}
		one, err := ParseFailedSelection(body)
		if err != nil {
			checkRefusal(t, err)
		} else if one.UMID != "" || !one.Since.IsZero() || len(one.Deliveries) > maxPicked || len(one.Reasons) > maxReasons || len(one.Channels) > maxChannels {
			t.Errorf("%+v", one)
		}
	})
}
