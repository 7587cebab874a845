package drill

import (
	"testing"
	"time"
)

// at is a moment, in milliseconds.
func at(ms int) time.Time { return time.UnixMilli(1_000_000 + int64(ms)) }

func moments(ms ...int) (all []time.Time) {
	for _, m := range ms {
		all = append(all, at(m))
	}
	return all
}

func TestSilence(t *testing.T) {
	for name, tc := range map[string]struct {
		events   []time.Time
		from, to int
		want     int
	}{
		"between two":                        {moments(0, 10, 40, 50), 0, 50, 30},
		"in any order":                       {moments(50, 0, 40, 10), 0, 50, 30},
		"begun before, counts whole":         {moments(0, 10, 100), 50, 120, 90},
		"goes on after, counts whole":        {moments(0, 10, 100), 5, 20, 90},
		"goes on to the end":                 {moments(0, 10), 5, 60, 50},
		"none at all":                        {nil, 5, 60, 55},
		"all before: since the last of them": {moments(0, 10), 20, 60, 50},
		"a longer one before does not count": {moments(0, 1000, 1010, 1020), 1005, 1020, 10},
		"a longer one after does not count":  {moments(0, 10, 20, 1000), 0, 15, 10},
		"events on the edges":                {moments(0, 100), 0, 100, 100},
	} {
		t.Run(name, func(t *testing.T) {
			if got := silence(tc.events, at(tc.from), at(tc.to)); got != time.Duration(tc.want)*time.Millisecond {
				t.Errorf("%v, want %d ms", got, tc.want)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	receipts := []Receipt{
		{Tx: "once", Recipients: 1, At: at(10)},
		{Tx: "two people", Recipients: 2, At: at(20)},
		{Tx: "half", Recipients: 2, At: at(30)},
		{Tx: "never", Recipients: 1, At: at(40)},
	}
	deliveries := []Delivery{
		{Tx: "once", N: 0, UMID: "A", At: at(15)},
		{Tx: "two people", N: 1, UMID: "B", At: at(120)},
		{Tx: "two people", N: 0, UMID: "B", At: at(25)},
		{Tx: "half", N: 0, UMID: "C", At: at(35)},
		{Tx: "once", N: 0, UMID: "A", At: at(500)},
		{Tx: "once", N: 0, UMID: "accepted twice", At: at(501)},
		{Tx: "somebody else's", N: 0, UMID: "D", At: at(50)},
	}
	got := compare(receipts, deliveries)
	if len(got.lost) != 2 || got.lost[0] != (recipient{"half", 1}) || got.lost[1] != (recipient{"never", 0}) {
		t.Errorf("lost: %v", got.lost)
	}
	if got.duplicated != 2 {
		t.Errorf("%d duplicated, want 2", got.duplicated)
	}
	if got.longest != 100*time.Millisecond {
		t.Errorf("the longest took %v, want 100ms", got.longest)
	}
	if len(got.arrivals) != 5 {
		t.Errorf("%d first deliveries, want 5: repeats are no sign of life", len(got.arrivals))
	}
}

func TestCompareNothingLost(t *testing.T) {
	got := compare([]Receipt{{Tx: "a", Recipients: 1, At: at(10)}}, []Delivery{{Tx: "a", At: at(5)}})
	if len(got.lost) != 0 || got.duplicated != 0 || got.longest != 0 {
		t.Errorf("%+v; a delivery that came before the receipt has taken no time", got)
	}
}

func TestLongestPublish(t *testing.T) {
	got := longestPublish([]Receipt{{Began: at(0), At: at(10)}, {Began: at(5), At: at(35)}, {Began: at(40), At: at(41)}})
	if got != 30*time.Millisecond {
		t.Errorf("%v, want 30ms", got)
	}
}

func TestMeterAddsUpOverRestarts(t *testing.T) {
	m := newMeter(nil, nil)
	for _, value := range []float64{0, 3, 5, 2, 4} { // 5, then started again and 4
		m.observe("n1", value)
	}
	m.observe("n2", 7)
	if m.sum != 16 {
		t.Errorf("%v, want 16", m.sum)
	}
}
