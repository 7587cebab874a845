package channels

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// persist listens until ctx ends, and begins again, with growing waits, when that fails.
func persist(ctx context.Context, log *slog.Logger, what string, listen func(context.Context) error) {
	for wait := time.Second; ctx.Err() == nil; wait = min(2*wait, time.Minute) {
		began := time.Now()
		err := calmly(ctx, listen)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > time.Minute {
			wait = time.Second
		}
		log.Warn("listening interrupted", "what", what, "wait", wait, "error", err)
		sleep(ctx, wait)
	}
}

// calmly turns a panic into an error, saying its type only.
func calmly(ctx context.Context, listen func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("channels: listening panicked: %T", p)
		}
	}()
	return listen(ctx)
}
