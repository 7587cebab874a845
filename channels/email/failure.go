package email

import (
	"context"
	"errors"
	"os"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

// stage is how far a message had come.
type stage int

const (
	connecting stage = iota // it has not been spoken of
	sender                  // its sender was named (MAIL)
	recipient               // its recipient was named (RCPT), and perhaps part of it sent
	submitted               // the relay may have all of it
)

// failure is why a message was not taken, as far as is known.
type failure struct {
	stage stage
	cause error
}

func (f *failure) Error() string { return f.cause.Error() }
func (f *failure) Unwrap() error { return f.cause }

// stageOf takes an error that is no failure for one of connecting.
func stageOf(err error) stage {
	var f *failure
	if errors.As(err, &f) {
		return f.stage
	}
	return connecting
}

// speaksOfConnection says that the message was not taken for a reason that has to do with the
// connection alone: it is gone, or the relay ends it.
func speaksOfConnection(err error) bool {
	if at := stageOf(err); at != sender && at != recipient {
		return false
	}
	r, isReply := asReply(err)
	return !isReply || r.code == serviceClosing
}

// judge turns an error into an outcome. late says that the context has ended.
func judge(err error, late bool) channels.Outcome {
	at := stageOf(err)
	if r, ok := asReply(err); ok {
		return r.outcome(at)
	}
	o := channels.Outcome{Result: channels.Deferred, Reason: rooms.Unreachable}
	switch {
	case at == submitted:
		o.Reason = rooms.Unknown
	case late, errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		o.Reason = rooms.TimedOut
	}
	return o
}
