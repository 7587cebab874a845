package registry

import (
	"context"
	"log/slog"
	"time"
)

// follow looks again and again at what other nodes have stored, until ctx ends. What is said of a look that failed tells
// what holds meanwhile.
func follow(ctx context.Context, every time.Duration, load func(context.Context) error, log *slog.Logger, failed string) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if err := load(ctx); err != nil && ctx.Err() == nil {
			log.Warn(failed, "error", err)
		}
	}
}
