package index

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/govcrier/crier/rooms"
)

const person rooms.SubscriberID = "x-A3KT_x5LGBKUkGffPhKIm7gJs"

func reaches(message, ms int, kind rooms.Kind) rooms.Event {
	e := delivery(message, 0, 1, kind, ms)
	e.Owner, e.Counted = person, true
	return e
}

func TestWhomMessagesHaveReached(t *testing.T) {
	other := reaches(5, 50, rooms.EventSent)
	other.Owner = "y-A3KT_x5LGBKUkGffPhKIm7gJs"
	emergency := reaches(6, 60, rooms.EventSent)
	emergency.Counted = false
	x := told(t, emergency, reaches(1, 10, rooms.EventSent), reaches(1, 10, rooms.EventSent), reaches(1, 30, rooms.EventDelivered),
		reaches(2, 20, rooms.EventDelivered), reaches(3, 5, rooms.EventSent), reaches(4, 20, rooms.EventFailed), other)
	at := func(message, ms int) time.Time { return umid(message).Time().Add(time.Duration(ms) * time.Millisecond) }
	for since, want := range map[time.Time]map[rooms.UMID]time.Time{
		{}:         {umid(1): at(1, 30), umid(2): at(2, 20), umid(3): at(3, 5)},
		at(1, 30):  {umid(1): at(1, 30), umid(2): at(2, 20), umid(3): at(3, 5)},
		at(3, 100): {},
	} {
		for u, when := range want {
			if when.Before(since) {
				delete(want, u)
			}
		}
		got, err := x.Reached(person, since)
		if err != nil || len(got) != len(want) {
			t.Fatalf("since %s: %v, %v; want %v", since, got, err, want)
		}
		for u, when := range want {
			if !got[u].Equal(when) {
				t.Errorf("%s reached him at %s, want %s", u, got[u], when)
			}
		}
	}
}

// The latest are remembered, whatever the order and the repetition of what is folded.
func TestReachedAnyOrderAnyRepetition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(0, 2*maxReached).Draw(t, "count")
		var all []int
		for n := range count {
			all = append(all, n)
		}
		fold := func(order []int) string {
			r := &reached{}
			for _, n := range order {
				p, err := packUMID(umid(n + 1))
				if err != nil {
					t.Fatal(err)
				}
				r.note(p, int64(n*7919%1009)<<10|int64(n)) // all at other times
			}
			return fmt.Sprint(r.len(), r.raw)
		}
		other := append(rapid.Permutation(all).Draw(t, "order"), all[:count/2]...)
		if want, got := fold(all), fold(other); want != got {
			t.Fatalf("another order gives another answer:\n%s\n%s", want, got)
		}
	})
}

func TestWhomNothingReachesIsForgotten(t *testing.T) {
	o := testOptions(t)
	x, l := open(t, o), newFakeLog()
	run(t, x, l)
	l.add(nil, []rooms.Event{reaches(1, 10, rooms.EventSent)})
	await(t, x, l)
	err := x.store.Load().view(func(s source) error {
		key, err := s.(transaction).tx.Key().Get(reachedKey(person))
		if key.ETime == nil {
			t.Error("it is kept for ever")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPostponedDelivery(t *testing.T) {
	until := func(e rooms.Event, ms int) rooms.Event {
		e.Reason, e.RetryAt = rooms.Quiet, after(ms)
		return e
	}
	x := told(t, accepted(header(1)), queued(1, 0, 5, "e"), until(delivery(1, 0, 1, rooms.EventPostponed, 40), 900),
		until(delivery(1, 0, 1, rooms.EventPostponed, 30), 500))
	list, _, err := x.Deliveries(umid(1), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	want := Delivery{Channel: rooms.Email, State: rooms.State{Status: rooms.Queued, Reason: rooms.Quiet, Attempt: 1, At: after(40), RetryAt: after(900)}, QueuedAt: after(5)}
	if list[0] != want {
		t.Errorf("it is\n%+v, want\n%+v", list[0], want)
	}
}

// Where the confirmation is the last word, it also says when the message was sent.
func TestDeliveredByConfirmation(t *testing.T) {
	e := delivery(1, 0, 1, rooms.EventDelivered, 40)
	e.ProviderID = "id"
	s := summary(t, told(t, accepted(header(1)), e))
	if !s.FirstSentAt.Equal(after(40)) || !s.FinishedAt.Equal(after(40)) || s.Counts.Delivered != 1 {
		t.Errorf("got %+v", s)
	}
}
