package index

import (
	"testing"

	"github.com/govcrier/crier/rooms"
)

// A provider whose clock lags behind confirms before it was asked; the timeline does not run backwards for that.
func TestReceiptOfASlowClock(t *testing.T) {
	sent := delivery(1, 0, 1, rooms.EventSent, 40)
	sent.Receipt = true
	x := told(t, accepted(header(1)), queued(1, 0, 1, "e"), sent, delivery(1, 0, 1, rooms.EventDelivered, 20))
	list, _, err := x.Deliveries(umid(1), 0, 10)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if d := list[0]; d.Status != rooms.Delivered || !d.SentAt.Equal(after(40)) || !d.At.Equal(after(40)) {
		t.Errorf("got %+v", d)
	}
	if s := summary(t, x); !s.FinishedAt.Equal(after(40)) {
		t.Errorf("finished %v, first sent %v", s.FinishedAt, s.FirstSentAt)
	}
}

// The channel that is told is the one on which the delivery arrived or failed, whatever was sent on another since.
func TestChannelOfTheLastWord(t *testing.T) {
	on := func(c rooms.Channel, k rooms.Kind, attempt, ms int) rooms.Event {
		e := delivery(1, 0, attempt, k, ms)
		e.Channel, e.Receipt = c, k == rooms.EventSent
		return e
	}
	sms, mail := on(rooms.SMS, rooms.EventSent, 1, 40), on(rooms.Email, rooms.EventSent, 2, 2040)
	again := on(rooms.Email, rooms.EventRequeued, 1, 9000)
	again.Round = 1
	for name, c := range map[string]struct {
		then    []rooms.Event
		channel rooms.Channel
		status  rooms.Status
	}{
		"no word yet":       {nil, rooms.Email, rooms.Sent},
		"the first arrived": {[]rooms.Event{on(rooms.SMS, rooms.EventDelivered, 1, 5000)}, rooms.SMS, rooms.Delivered},
		"both arrived":      {[]rooms.Event{on(rooms.SMS, rooms.EventDelivered, 1, 5000), on(rooms.Email, rooms.EventDelivered, 2, 6000)}, rooms.Email, rooms.Delivered},
		"the first failed":  {[]rooms.Event{on(rooms.SMS, rooms.EventFailed, 1, 5000)}, rooms.SMS, rooms.Failed},
		"tried anew":        {[]rooms.Event{on(rooms.SMS, rooms.EventFailed, 1, 5000), again}, rooms.Email, rooms.Queued},
	} {
		t.Run(name, func(t *testing.T) {
			x := told(t, append([]rooms.Event{accepted(header(1)), queued(1, 0, 1, "s"), sms, mail}, c.then...)...)
			list, _, err := x.Deliveries(umid(1), 0, 10)
			if err != nil || len(list) != 1 || list[0].Channel != c.channel || list[0].Status != c.status {
				t.Errorf("got %+v, %v; want %s by %s", list, err, c.status, c.channel)
			}
		})
	}
}
