package callback

import (
	"errors"
	"sync"

	"github.com/govcrier/crier/channels/lanes"
	"github.com/govcrier/crier/channels/outbound"
)

// busy says that no call was made, since as many as may be are under way to its host.
func busy(a outbound.Answer) bool {
	var full *lanes.Full
	return errors.As(a.Err, &full)
}

// mostTurned is of how many callbacks it is remembered at once that they were turned away.
const mostTurned = 10_000

// turned counts how often a callback came when its host was busy, by its identity. The queue counts each time that it hands one
// out, which is no attempt then. What another node has turned away is not known here, nor what was before too many: after a failure
// such a callback waits as if it had been tried more often. Its zero value is empty. It is for many goroutines at once.
type turned struct {
	mu    sync.Mutex
	times map[string]int
}

func (t *turned) note(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.times == nil || len(t.times) >= mostTurned {
		t.times = map[string]int{}
	}
	t.times[id]++
}

func (t *turned) forget(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.times, id)
}

// attempt is the number of a call that was handed out so often.
func (t *turned) attempt(id string, handed int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(handed-t.times[id], 1)
}
