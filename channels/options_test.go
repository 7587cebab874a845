package channels

import (
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

func TestOptions(t *testing.T) {
	o := Options{}.WithDefaults()
	for _, lane := range rooms.Lanes() {
		if o.Workers.of(lane) != 64 {
			t.Errorf("%d workers for %s", o.Workers.of(lane), lane)
		}
	}
	if faults := (Options{}).Check(); len(faults) != 0 {
		t.Errorf("the zero value: %v", faults)
	}
	if faults := (Options{Workers: Workers{Bulk: -1}, SendTimeout: -1, CacheBytes: -1, ReapEvery: -1}).Check(); len(faults) != 4 {
		t.Errorf("%v", faults)
	}
	bad := Options{Health: HealthOptions{Failures: -1, Probe: 2 * time.Minute}, Weights: BalanceOptions{Floor: 101, Quiet: -1}}
	if faults := bad.Check(); len(faults) != 4 {
		t.Errorf("%v", faults)
	}
}
