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
}

// send asks the provider and passes its outcome to first; if it has not answered overrun
// after the timeout, first gets an outcome of reason unknown, and the answer, should it ever
// come, goes to late. send returns when the provider does: a provider that hangs keeps the
// goroutine, so that the harm stays within the number of workers.
func (c call) send(ctx context.Context, d rooms.Delivery, first, late func(Outcome)) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var answered atomic.Bool
	watchdog := time.AfterFunc(c.timeout+overrun, func() {
		if answered.CompareAndSwap(false, true) {
			first(Outcome{Result: Deferred, Reason: rooms.Unknown, Code: "no-answer"})
		}
	})
	o := c.guarded(ctx, d)
	watchdog.Stop()
	if answered.CompareAndSwap(false, true) {
		first(o)
		return
	}
	late(o)
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
