package index

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/govcrier/crier/rooms"
)

// What happened to a delivery is found by where it stands in the log, that of others is not.
func TestStepsOfADelivery(t *testing.T) {
	h := header(1)
	h.Recipients = rooms.PageSize + 1
	x := told(t, accepted(h), queued(1, 0, 1, "es"),
		delivery(1, 0, 1, rooms.EventErrored, 10),
		delivery(1, 1, 1, rooms.EventSent, 20),
		delivery(1, rooms.PageSize, 1, rooms.EventFailed, 25),
		delivery(1, 0, 1, rooms.EventPostponed, 30),
		delivery(1, 0, 2, rooms.EventFailed, 40),
		delivery(1, 0, 2, rooms.EventDropped, 50))
	got, err := x.Steps(umid(1), 0, 1, 2, rooms.PageSize)
	want := map[int][]uint64{0: {3, 6, 7, 8}, 1: {4}, 2: nil, rooms.PageSize: {5}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if list, _, err := x.Deliveries(umid(1), 0, 10); err != nil || !list[0].Dropped || list[1].Status != rooms.Sent {
		t.Errorf("the deliveries are %+v, %v", list, err)
	}
}

// Whatever order they come in, and however often, the latest are kept and read back.
func TestStepsAnyOrderAnyRepetition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one := rapid.Custom(func(t *rapid.T) step {
			return step{rapid.Uint64Range(1, 300).Draw(t, "sequence"), rapid.IntRange(0, rooms.PageSize-1).Draw(t, "i")}
		})
		all := rapid.SliceOf(one).Draw(t, "steps")
		var s, again steps
		for _, one := range all {
			s.note(one)
		}
		if err := again.unpack(s.pack(nil)); err != nil {
			t.Fatal(err)
		}
		for i := range all {
			again.note(all[len(all)-1-i])
		}
		got, err := again.all()
		slices.SortFunc(all, step.compare)
		if all = slices.Compact(all); err != nil || !slices.Equal(got, all) {
			t.Fatalf("got %v, %v; want %v", got, err, all)
		}
	})
}

func TestAPageRemembersTheLatestSteps(t *testing.T) {
	var s steps
	for n := range uint64(maxSteps + 500) {
		s.note(step{3*n + 7, 0})
	}
	all, err := s.all()
	if err != nil || len(all) != maxSteps || all[0].sequence != 3*500+7 || all[maxSteps-1].sequence != s.last {
		t.Fatalf("%d steps, %v", len(all), err)
	}
	for cut := range len(s.raw) {
		damaged := s
		damaged.raw = s.raw[:cut]
		if _, err := damaged.all(); err == nil {
			t.Fatalf("steps cut to %d bytes are taken for whole", cut)
		}
	}
}
