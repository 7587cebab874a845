package registry_test

import (
	"slices"
	"testing"

	"github.com/govcrier/crier/rooms"
)

func TestReaders(t *testing.T) {
	r := newHouse(t).rooms()
	_, err := r.Create(t.Context(), rooms.RoomConfig{Name: "newborn", Readers: []rooms.Client{"clinic-4"}, Admins: []rooms.Client{"boss"}, Publishers: []rooms.Publisher{{Client: "hosp-7"}}})
	if err != nil {
		t.Fatal(err)
	}
	for room, want := range map[rooms.Room][]rooms.Client{"newborn": {"clinic-4", "boss"}, "none": nil} {
		known, err := r.Readers(t.Context(), room)
		now, errNow := r.ReadersNow(t.Context(), room)
		if err != nil || errNow != nil || !slices.Equal(known, want) || !slices.Equal(now, want) {
			t.Errorf("%s: %v, %v; now %v, %v", room, known, err, now, errNow)
		}
	}
}

// A room begins where the log ended when it was created, and goes on beginning there.
func TestRoomBeginsAfterAnEarlierOne(t *testing.T) {
	h := newHouse(t)
	r := h.rooms()
	m := rooms.Message{Header: rooms.Header{UMID: "01JDB6T0G00000000000000001", Room: "newborn", Type: "t", Lane: rooms.Normal, TxID: "1"}, Payload: []byte("{}")}
	end, _, err := h.log.Append(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Create(t.Context(), rooms.RoomConfig{Name: "newborn"})
	if err != nil || c.After != end {
		t.Fatalf("%+v, %v, want %d", c, err, end)
	}
	m.TxID = "2"
	if _, _, err := h.log.Append(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if c, err = r.Put(t.Context(), rooms.RoomConfig{Name: "newborn", Revision: c.Revision}); err != nil || c.After != end {
		t.Errorf("%+v, %v, want %d", c, err, end)
	}
}
