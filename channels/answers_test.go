package channels

import (
	"testing"

	"github.com/govcrier/crier/rooms"
)

// Who is written to may answer, but not to what crier itself says.
func TestNobodyAnswersToOurOwn(t *testing.T) {
	w := &worker{}
	for _, tc := range []struct {
		hears, own bool
		channel    rooms.Channel
		want       rooms.SubscriberID
	}{
		{true, false, rooms.SMS, "somebody"}, {true, true, rooms.SMS, ""}, {true, false, rooms.Webhook, ""}, {false, false, rooms.SMS, ""},
	} {
		w.contacts = nil
		if tc.hears {
			w.contacts = func(rooms.Room, rooms.Contact) rooms.SubscriberID { return "somebody" }
		}
		if got := w.contact(work{Job: rooms.Job{Channel: tc.channel}}, order{own: tc.own}); got != tc.want {
			t.Errorf("%+v: %q", tc, got)
		}
	}
}
