package stream

import (
	"fmt"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Whoever is to be told is told by the other nodes when the one that led all of it is lost; so with
// the position, the clients and the webhooks.
func TestCallbacksWithoutTheLeader(t *testing.T) {
	t.Parallel() // most of it is waiting
	const victim, one, two = 2, 0, 1
	n := startNodes(t)
	for _, stream := range []string{streamCallbacks, streamClients, streamSubscribers} {
		n.makeLeader(t, stream, victim)
	}
	n.makeConsumerLeader(t, streamCallbacks, callbackName, victim)
	call := func(message int, event uint64) rooms.Callback {
		return rooms.Callback{UMID: someMessage(message).UMID, Room: "newborn", Publisher: "hosp-7", Event: event}
	}
	entry := ClientEntry{Client: "hosp-7", Callback: []byte("sealed"), Since: time.Unix(1, 0).UTC()}
	hook := rooms.Subscriber{ID: subscriberID(1), Room: "newborn", Channel: rooms.Webhook, Contact: []byte("sealed"), Owner: "clinic-4"}
	l := n.logs[one]
	for _, err := range []error{
		l.AddCallbacks(t.Context(), []rooms.Callback{call(1, 1), call(2, 2), call(3, 3)}),
		l.MoveCallbackCursor(t.Context(), 3), l.PutClient(t.Context(), entry), l.AddSubscribers(t.Context(), []rooms.Subscriber{hook}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	q, err := n.logs[two].Callbacks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n.logs[victim].Close()
	n.Servers[victim].Stop()

	until(t, func() error { return l.AddCallbacks(t.Context(), []rooms.Callback{call(2, 7)}) })
	told := map[rooms.UMID]uint64{}
	until(t, func() error {
		err := q.Fetch(t.Context(), time.Second, func(c Callback) {
			if err := c.Done(t.Context()); err == nil {
				told[c.UMID] = c.Event
			}
		})
		if err == nil && len(told) < 3 {
			err = fmt.Errorf("told of %v", told)
		}
		return err
	})
	if got := told[call(2, 7).UMID]; got != 7 {
		t.Errorf("told of event %d, which was replaced", got)
	}
	for _, l := range n.logs[:victim] {
		if at, known, err := l.CallbackCursor(t.Context()); at != 3 || !known || err != nil {
			t.Errorf("at %d, %v, %v", at, known, err)
		}
		if all, err := l.Clients(t.Context()); len(all) != 1 || all[0].Client != "hosp-7" || err != nil {
			t.Errorf("%v, %v", all, err)
		}
		if got, err := l.Client(t.Context(), "hosp-7"); string(got.Callback) != "sealed" || err != nil {
			t.Errorf("%+v, %v", got, err)
		}
		found, err := l.FindWebhooks(t.Context(), "newborn", []rooms.SubscriberID{hook.ID, subscriberID(2)})
		if len(found) != 1 || found[0].Owner != "clinic-4" || err != nil {
			t.Errorf("%v, %v", found, err)
		}
		if all, err := l.Webhooks(t.Context(), "newborn", 0, 10); len(all) != 1 || err != nil {
			t.Errorf("%v, %v", all, err)
		}
	}
}
