package index

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/govcrier/crier/rooms"
)

func contacts(message, n, ms int, kind rooms.Kind) rooms.Event {
	e := delivery(message, n, 1, kind, ms)
	e.Contact = person
	return e
}

func TestMessagesThatCanBeAnswered(t *testing.T) {
	owned := contacts(2, 7, 20, rooms.EventSent)
	owned.Owner = "y-A3KT_x5LGBKUkGffPhKIm7gJs"
	failed := contacts(4, 0, 99, rooms.EventFailed)
	x := told(t, contacts(1, 3, 10, rooms.EventSent), contacts(1, 3, 15, rooms.EventDelivered), owned, failed, delivery(3, 0, 1, rooms.EventSent, 50))
	got, err := x.Contacted(person, "z-A3KT_x5LGBKUkGffPhKIm7gJs")
	at := func(message, ms int) time.Time { return umid(message).Time().Add(time.Duration(ms) * time.Millisecond) }
	want := []Contacted{
		{rooms.DeliveryID{UMID: umid(2), N: 7}, at(2, 20), owned.Owner}, {rooms.DeliveryID{UMID: umid(1), N: 3}, at(1, 15), ""},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestWhomADeliveryHasReached(t *testing.T) {
	owned := contacts(1, 7, 20, rooms.EventSent)
	owned.Owner = "y-A3KT_x5LGBKUkGffPhKIm7gJs"
	moved := contacts(1, 7, 30, rooms.EventSent)
	moved.Contact = "z-A3KT_x5LGBKUkGffPhKIm7gJs"
	x := told(t, moved, owned, contacts(1, 8, 10, rooms.EventSent), contacts(1, 9, 10, rooms.EventFailed))
	for n, want := range map[int][]rooms.SubscriberID{7: {owned.Owner, moved.Contact}, 8: {person}, 9: nil} {
		if got, err := x.Recipient(rooms.DeliveryID{UMID: umid(1), N: n}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("delivery %d: %q, %v; want %q", n, got, err, want)
		}
	}
}

func TestContactedAnyOrderAnyRepetition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []Contacted
		for n := range rapid.IntRange(0, 3*maxContacted).Draw(t, "count") {
			all = append(all, Contacted{DeliveryID: rooms.DeliveryID{UMID: umid(n%20 + 1), N: n / 20}, At: umid(1).Time().Add(time.Duration(n*7919%101) * time.Second)})
		}
		fold := func(order []Contacted) *contacted {
			c := &contacted{}
			for _, one := range order {
				c.note(one)
			}
			again := &contacted{}
			if err := again.unpack(c.pack()); err != nil {
				t.Fatal(err)
			}
			return again
		}
		other := append(rapid.Permutation(all).Draw(t, "order"), all[:len(all)/2]...)
		want := fold(all)
		if len(other) > len(all) {
			other = other[:len(all)] // what was dropped may not come again: only what is kept is repeated
			other = append(other, want.all...)
		}
		if got := fold(other); !reflect.DeepEqual(got, want) {
			t.Fatalf("another order gives another answer:\n%v\n%v", want, got)
		}
	})
}
