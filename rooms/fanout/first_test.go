package fanout

import (
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
	} {
		if got := o.first(tc.s); got != tc.want {
			t.Errorf("%d: %+v: %t", i, tc.s, got)
		}
	}
}
