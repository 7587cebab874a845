package channels

import (
	"context"
	"log/slog"
	"time"
)

// insist does what must be done until it succeeds or ctx ends, with growing waits between.
func insist(ctx context.Context, log *slog.Logger, what string, do func(context.Context) error) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := do(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		log.Warn("will be tried again", "what", what, "wait", wait, "error", err)
		if !sleep(ctx, wait) {
			return err
		}
	}
}

// sleep waits and says whether ctx has not ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// linger gives a context with the values of ctx that ends a while after ctx does.
func linger(ctx context.Context, while time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		sleep(longer, while)
		cancel()
	})
	return longer, func() { stop(); cancel() }
}
