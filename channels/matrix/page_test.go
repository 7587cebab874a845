package matrix

import (
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// FuzzPage reads whatever a server, or a person by way of it, can write.
func FuzzPage(f *testing.F) {
	f.Add(`{"next_batch":"s1","rooms":{"join":{"!r:x":{"timeline":{"events":[{"event_id":"$e","type":"m.room.message","sender":"@a:x","content":{"msgtype":"m.text","body":"> q\n\nhi","m.relates_to":{"m.in_reply_to":{"event_id":"$f"}}},"origin_server_ts":1}],"limited":true,"prev_batch":"p"},"ephemeral":{"events":[{"type":"m.receipt","content":{"$e":{"m.read":{"@b:x":{"ts":1}}}}}]}}}}}`)
	f.Add(`{"rooms":{"invite":{"!r:x":{"invite_state":{"events":[{"type":"m.room.member","state_key":"@us:x","content":{"membership":"invite","is_direct":true}}]}}}}}`)
	f.Add(`{"rooms":{"join":{"!r:x":{"timeline":{"events":[{"type":"m.room.message","content":{"body":7,"m.relates_to":[]},"origin_server_ts":1e300,"unsigned":"x","state_key":{}}]},"ephemeral":{"events":[{"type":"m.receipt","content":{"$e":{"m.read":[]},"":{"m.read":{"@b:x":null}}}}]}}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var p page
		if json.Unmarshal([]byte(text), &p, lenient()) != nil {
			return
		}
		now := time.Unix(1_700_000_000, 0)
		for _, j := range p.Rooms.Join {
			for _, e := range append(j.Timeline.Events, j.Ephemeral.Events...) {
				c := e.content()
				if len(said(c).Reveal()) > len(c.Body) || e.at(now).After(now) {
					t.Errorf("%q", text)
				}
				e.before()
				e.key()
				for _, r := range readings(e, "@us:x", now) {
					if r.event == "" || r.at.IsZero() {
						t.Errorf("%q", text)
					}
				}
			}
		}
	})
}

// Nothing that another has written makes more unreadable than its own event.
func TestAnEventIsReadAlone(t *testing.T) {
	const text = `{"next_batch":"s1","rooms":{"join":{"!r:x":{"timeline":{"events":[
		{"event_id":"$1","type":"m.room.message","sender":"@a:x","content":"nonsense","origin_server_ts":"then","unsigned":[1],"state_key":7},
		{"event_id":"$2","type":"m.room.message","sender":"@a:x","content":{"msgtype":"m.text","body":"hi","body":"twice"},"origin_server_ts":1700000000000}]}}}}}`
	var p page
	if err := json.Unmarshal([]byte(text), &p, lenient()); err != nil {
		t.Fatal(err)
	}
	all := p.Rooms.Join["!r:x"].Timeline.Events
	now := time.Unix(1_800_000_000, 0)
	if len(all) != 2 || all[0].content().Body != "" || !strings.HasPrefix(all[1].content().Body, "twice") || !all[0].at(now).Equal(now) || all[1].at(now).Unix() != 1_700_000_000 {
		t.Errorf("%+v", all)
	}
}
