package stream

import (
	"context"
	"errors"
	"time"
)

// retryPause separates attempts when the log does not answer.
const retryPause = 25 * time.Millisecond

// patience is how long one answer is waited for, since one that is lost, say with the leader that
// was to give it, never comes; and how long a call is repeated in all.
type patience struct{ answer, total time.Duration }

func (o Options) patience() patience { return patience{o.AnswerTimeout, o.CommitTimeout} }

// flights is how many commits of a stream may be in flight.
func (o Options) flights() int {
	if o.replicated() {
		return flightsReplicated
	}
	return flightsAlone
}

// insist repeats a call as it is while the log does not answer, until ctx ends or stop is closed.
// What it returns is one of the package's errors.
func (p patience) insist(ctx context.Context, stop <-chan struct{}, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, p.total)
	defer cancel()
	for {
		err := p.once(ctx, call)
		if !errors.Is(err, ErrUnavailable) {
			return err
		}
		select {
		case <-time.After(retryPause):
		case <-ctx.Done():
			return err
		case <-stop:
			return err
		}
	}
}

func (p patience) once(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, p.answer)
	defer cancel()
	return classify(call(ctx))
}

// insist repeats a call while the log does not answer.
func (l *Log) insist(ctx context.Context, call func(context.Context) error) error {
	return l.options.patience().insist(ctx, nil, call)
}

// pause waits for a while, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
