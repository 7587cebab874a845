package fanout_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// An event reaches the applications that want its type, each as long as it is of use to it, and nobody else. A message
// reaches people, and applications that want all; it is no event, though it may be of the same type.
func TestEventsReachApplicationsAlone(t *testing.T) {
	h := newHouse(t)
	h.subscribe(3)
	var hooks []rooms.Subscriber
	for i, one := range []rooms.Subscriber{{}, {Only: "newbirth", TTL: 60}, {Only: "newdeath"}, {Only: "newbirth", TTL: 7 * 24 * 3600}} {
		one.ID, one.Room, one.Channel = rooms.SubscriberID(strings.Repeat(fmt.Sprint(i), 26)+"A"), "newborn", rooms.Webhook
		one.Contact, one.Since, one.Owner = []byte("sealed"), time.Now(), "clinic-4"
		hooks = append(hooks, one)
	}
	if err := h.log.AddSubscribers(t.Context(), hooks); err != nil {
		t.Fatal(err)
	}
	h.publishAs(1, func(m *rooms.Message) { m.Type, m.Event, m.Payload = "newbirth", true, []byte(`{"event":{}}`) })
	h.publishAs(2, func(m *rooms.Message) { m.Type = "newbirth" })
	h.publish(3)
	h.plan()
	for _, j := range h.jobs(6) {
		if j.UMID == umid(1) {
			t.Errorf("a person gets %s", j.UMID)
		}
	}
	q, err := h.log.Jobs(t.Context(), rooms.Normal, rooms.Webhook)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	take := func(j *stream.Job) {
		m := h.event(rooms.EventAccepted, map[rooms.UMID]int{umid(1): 1, umid(2): 2, umid(3): 3}[j.UMID]).Message
		got = append(got, fmt.Sprintf("%s to %c for %s", m.Type, j.Owner[0], j.Deadline.Sub(m.ReceivedAt)))
		if err := j.Done(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for until := time.Now().Add(2 * time.Minute); len(got) < 5 && time.Now().Before(until); {
		if err := q.Fetch(t.Context(), 5-len(got), time.Second, take); err != nil {
			t.Fatal(err)
		}
	}
	if want := "newbirth to 0 for 1h0m0s, newbirth to 1 for 1m0s, newbirth to 3 for 1h0m0s, newbirth to 0 for 1h0m0s, reminder to 0 for 1h0m0s"; strings.Join(got, ", ") != want {
		t.Errorf("%s, want %s", strings.Join(got, ", "), want)
	}
}
