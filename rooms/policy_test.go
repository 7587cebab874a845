package rooms_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/govcrier/crier/rooms"
)

func TestWait(t *testing.T) {
	p := rooms.Policy{Retry: []time.Duration{time.Minute, 5 * time.Minute, time.Hour}, Jitter: 0.2, Expiry: 24 * time.Hour}
	for _, tc := range []struct {
		attempt int
		roll    float64
		want    time.Duration
	}{
		{1, 0.5, time.Minute}, {2, 0.5, 5 * time.Minute}, {3, 0.5, time.Hour}, {4, 0.5, time.Hour}, {1000, 0.5, time.Hour},
		{0, 0.5, time.Minute}, {-1, 0.5, time.Minute}, {1, 0, 48 * time.Second}, {1, 1, 72 * time.Second},
	} {
		if got := p.Wait(tc.attempt, tc.roll); got != tc.want {
			t.Errorf("after attempt %d, roll %v: %v, want %v", tc.attempt, tc.roll, got, tc.want)
		}
	}
	if got := (rooms.Policy{Jitter: 1}).Wait(1, 1); got != 0 {
		t.Errorf("without a schedule: %v", got)
	}
	at := time.UnixMilli(0)
	if got := p.Deadline(at); !got.Equal(at.Add(24 * time.Hour)) {
		t.Errorf("deadline %v", got)
	}
}

func TestWaitStaysWithinItsJitter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := time.Duration(rapid.Int64Range(0, int64(30*24*time.Hour)).Draw(t, "base"))
		p := rooms.Policy{Retry: []time.Duration{base}, Jitter: rapid.Float64Range(0, 1).Draw(t, "jitter")}
		got := p.Wait(rapid.IntRange(1, 9).Draw(t, "attempt"), rapid.Float64Range(0, 1).Draw(t, "roll"))
		if spread := time.Duration(p.Jitter*float64(base)) + 1; got < max(base-spread, 0) || got > base+spread {
			t.Fatalf("%v is more than %v from %v", got, spread, base)
		}
	})
}
