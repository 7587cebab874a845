package index

import (
	"testing"

	"github.com/govcrier/crier/rooms"
)

func TestWhatProvidersHaveConfirmed(t *testing.T) {
	sms := func(message, n int, id string) rooms.Event {
		e := delivery(message, n, 2, rooms.EventSent, 10)
		e.Channel, e.Provider, e.ProviderID, e.Receipt, e.Round = rooms.SMS, "centre", id, true, 1
		return e
	}
	other := sms(1, 9, "77")
	other.Provider = "another"
	silent := sms(1, 8, "88")
	silent.Receipt = false
	mail := sms(1, 7, "99")
	mail.Channel = rooms.Email
	x := told(t, sms(2, 3, "0AB"), sms(2, 1500, "1,2,3"), sms(1, 1, "77"), sms(2, 1, "77"), sms(1, 2, "77"), other, silent, mail)
	for id, want := range map[string]rooms.Confirmation{
		"ab": {ID: "ab", AttemptID: rooms.AttemptID{DeliveryID: rooms.DeliveryID{UMID: umid(2), N: 3}, Round: 1, Attempt: 2}, Part: 1, Parts: 1},
		"02": {ID: "2", AttemptID: rooms.AttemptID{DeliveryID: rooms.DeliveryID{UMID: umid(2), N: 1500}, Round: 1, Attempt: 2}, Part: 2, Parts: 3},
		// Given anew, it is that of the later message.
		"77": {ID: "77", AttemptID: rooms.AttemptID{DeliveryID: rooms.DeliveryID{UMID: umid(2), N: 1}, Round: 1, Attempt: 2}, Part: 1, Parts: 1},
	} {
		want.Provider, want.Channel, want.Room, want.At = "centre", rooms.SMS, event(2, rooms.EventSent, 0).Room, event(2, rooms.EventSent, 10).At
		if got, ok, err := x.Sent("centre", id); err != nil || !ok || got != want {
			t.Errorf("%s: %+v, %v, %v; want %+v", id, got, ok, err, want)
		}
	}
	for _, id := range []string{"88", "99", "1,2,3", ""} {
		if got, ok, err := x.Sent("centre", id); ok || err != nil {
			t.Errorf("%q: %+v, %v", id, got, err)
		}
	}
}
