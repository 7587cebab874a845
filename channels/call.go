package channels

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/govcrier/crier/rooms"
)

// overrun is how long after its context has ended a provider may still answer.
const overrun = 5 * time.Second

// call is one use of a provider.
type call struct {
	named   Named
	timeout time.Duration
	log     *slog.Logger
	health  *health // may be nil
	patient bool    // waits for the outcome, whatever the provider is taken for
}

func (m *member) call(timeout time.Duration, log *slog.Logger) call {
	return call{m.Named, timeout, log, m.health, false}
}

// send asks the provider and passes its outcome to first; if it has not answered overrun
// after the timeout, first gets an outcome of reason unknown, and the answer, should it ever
// come, goes to late. send returns when the provider does: a provider that hangs keeps the
// goroutine, so that the harm stays within the number of workers. But where a provider of several is taken for dead, send
// lets go of it: what comes then is as if it came late. A call that waits for its place there goes without: nothing is sent. Of
// calls that were let go there are as many as there are workers, and those that were in hand when the last of them was: then the
// provider is asked no more until one has come back.
func (c call) send(ctx context.Context, d rooms.Delivery, first, late func(Outcome)) {
	var answered atomic.Bool
	unanswered := func() {
		if answered.CompareAndSwap(false, true) {
			first(Outcome{Result: Deferred, Reason: rooms.Unknown, Code: "no-answer"})
		}
	}
	watchdog := time.AfterFunc(c.timeout+overrun, unanswered)
	work := func(noted *ongoing) {
		within, cancel := context.WithTimeout(ctx, c.timeout)
		defer cancel()
		if noted != nil {
			within, cancel = c.health.within(within, noted)
			defer cancel()
		}
		o := c.guarded(within, d)
		watchdog.Stop()
		c.note(ctx, noted, o)
		if answered.CompareAndSwap(false, true) {
			first(o)
			return
		}
		late(o)
	}
	noted := c.begin()
	if noted == nil || noted.timer == nil || c.patient {
		work(noted)
		return
	}
	done := make(chan struct{})
	go func() { defer close(done); work(noted) }()
	select {
	case <-done:
	case <-noted.gone:
		unanswered()
	}
}

func (c call) begin() *ongoing {
	if c.health == nil {
		return nil
	}
	return c.health.begin()
}

// note has the provider's health learn from an outcome, unless it is one of our own stopping.
func (c call) note(ctx context.Context, noted *ongoing, o Outcome) {
	if noted == nil {
		return
	}
	s := signOf(o)
	if ctx.Err() != nil && s != alive {
		s = noSign
	}
	c.health.end(noted, o, s)
}

// guarded turns a panic into an outcome. What the panic says may quote contact and content,
// so only its type and the stack, which has no strings, are logged.
func (c call) guarded(ctx context.Context, d rooms.Delivery) (o Outcome) {
	defer func() {
		if p := recover(); p != nil {
			o = Outcome{Result: Deferred, Reason: rooms.Unknown, Code: "panic"}
			c.log.Error("provider panicked", "provider", c.named.Name, "umid", d.ID.UMID, "n", d.ID.N,
				"attempt", d.Attempt, "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		}
	}()
	return c.named.Provider.Send(ctx, d)
}
