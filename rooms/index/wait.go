package index

import (
	"context"
	"errors"
	"time"
)

// Position is how far the log is folded: sequences in ROOMS and EVENTS.
func (x *Index) Position() (messages, events uint64) { return x.position.now() }

// WaitFor returns nil once everything up to the given sequences is folded, ErrClosed when the
// index closes before that, and the cause of ctx when that ends first.
func (x *Index) WaitFor(ctx context.Context, messages, events uint64) error {
	return x.position.wait(ctx, messages, events)
}

// lookAgain is when Wait asks for the log's ends once more.
const lookAgain = time.Second

// Wait returns nil once the fold has reached the ends that the log has as of the call. It is
// woken by the fold. An entry at the end that is deleted before it is folded would never come,
// so a wait of more than a second takes note of ends that have moved back.
func (x *Index) Wait(ctx context.Context, log Log) error {
	messages, events, err := log.Ends(ctx)
	if err != nil {
		return err
	}
	for {
		err := x.waitShort(ctx, messages, events)
		if !errors.Is(err, errShort) {
			return err
		}
		nowMessages, nowEvents, err := log.Ends(ctx)
		if err != nil {
			return err
		}
		messages, events = min(messages, nowMessages), min(events, nowEvents)
	}
}

var errShort = errors.New("index: not yet")

func (x *Index) waitShort(ctx context.Context, messages, events uint64) error {
	short, cancel := context.WithTimeoutCause(ctx, lookAgain, errShort)
	defer cancel()
	return x.WaitFor(short, messages, events)
}
