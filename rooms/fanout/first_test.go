package fanout

import (
	"slices"
	"testing"

	"github.com/govcrier/crier/rooms"
)

// Whoever was taken is not taken again under the entry that his change, or that of keys, has made, however often that was.
func TestOnceTakesEverybodyOnce(t *testing.T) {
	o := newOnce()
	for i, tc := range []struct {
		s    rooms.Subscriber
		want bool
	}{
		{rooms.Subscriber{ID: "a", Sequence: 1}, true},
		{rooms.Subscriber{ID: "b", Sequence: 2}, true},
		{rooms.Subscriber{ID: "c", Sequence: 5, Was: "c", Origin: 3}, true},    // changed before
		{rooms.Subscriber{ID: "a", Sequence: 8, Was: "a", Origin: 6}, false},   // changed twice meanwhile
		{rooms.Subscriber{ID: "B", Sequence: 9, Was: "b", Origin: 2}, false},   // moved to another key
		{rooms.Subscriber{ID: "B", Sequence: 12, Was: "b", Origin: 9}, false},  // and changed
		{rooms.Subscriber{ID: "d", Sequence: 13, Was: "d", Origin: 10}, true},  // moved in front of the scan
		{rooms.Subscriber{ID: "d", Sequence: 15, Was: "d", Origin: 13}, false}, // and once more
		{rooms.Subscriber{ID: "e", Sequence: 16, State: rooms.SubscriberInvited}, false},
		{rooms.Subscriber{ID: "e", Sequence: 17, Was: "e", Origin: 16}, true}, // he has confirmed, and both stand there
		{rooms.Subscriber{ID: "f", Sequence: 18}, true},
		{rooms.Subscriber{ID: "f", Sequence: 19, Was: "f", Origin: 18, State: rooms.SubscriberPaused}, false},
	} {
		if got := o.first(tc.s); got != tc.want {
			t.Errorf("%d: %+v: %t", i, tc.s, got)
		}
	}
}

// Who is moved away in front of one scan after the other is found all the same, and who subscribes meanwhile is not.
func TestNobodyIsMovedPastTheScans(t *testing.T) {
	scans := [][]rooms.Subscriber{
		{{ID: "a", Sequence: 1}}, // b stood at 2, and moves to 5
		{{ID: "new", Sequence: 4}},
		{}, // b has moved to 6 meanwhile
	}
	scans[1] = append(scans[1], rooms.Subscriber{ID: "a", Sequence: 7, Was: "a", Origin: 1})
	scans[2] = append(scans[2], rooms.Subscriber{ID: "b", Sequence: 8, Was: "b", Origin: 6})
	var from []uint64
	var took []rooms.SubscriberID
	err := each(0, func(after uint64, fn func(rooms.Subscriber) error) error {
		from = append(from, after)
		if len(from) > len(scans) {
			return nil
		}
		for _, s := range scans[len(from)-1] {
			if err := fn(s); err != nil {
				return err
			}
		}
		return nil
	}, func(s rooms.Subscriber) error {
		took = append(took, s.ID)
		return nil
	})
	if err != nil || !slices.Equal(took, []rooms.SubscriberID{"a", "b"}) || !slices.Equal(from, []uint64{0, 1, 7, 8}) {
		t.Errorf("took %v, scanned behind %v, %v", took, from, err)
	}
}
