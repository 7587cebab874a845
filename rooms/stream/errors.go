package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Errors of the log.
var (
	// ErrGone: the entry is no longer kept.
	ErrGone = errors.New("stream: no longer kept")
	// ErrFull: the queue has no room; nothing was stored.
	ErrFull = errors.New("stream: the queue is full")
	// ErrExists: the entry is there already; nothing was stored.
	ErrExists = errors.New("stream: exists already")
	// ErrRevision: somebody else has changed the entry meanwhile; nothing was stored.
	ErrRevision = errors.New("stream: changed meanwhile")
	// ErrUnavailable: the log did not answer in time. The entry may or may not be stored; the
	// same identity may be tried again.
	ErrUnavailable = errors.New("stream: the log does not answer")
)

// Codes of the JetStream API that crier tells apart (nats-server, errors.json).
const (
	codeStoreFull       = 10077 // "maximum bytes exceeded" and its like
	codeWrongSequence   = 10071 // Nats-Expected-Last-Subject-Sequence did not hold
	codeInProcess       = 10158 // the same id is being stored at this moment
	codeSubjectTwice    = 10164 // the same subject is being stored at this moment, perhaps by the same batch
	codeIncomplete      = 10176 // a part of a batch was lost on its way; nothing was stored
	codeTooManyBatches  = 10210 // too many batches are under way; nothing was stored
	codeBatchDuplicate  = 10201 // a batch holds an id that is known
	codeMessageNotFound = 10037
)

// classify turns an answer of JetStream into one of the package's errors. After ErrUnavailable
// the same call may succeed a moment later.
func classify(err error) error {
	var api *jetstream.APIError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &api):
		return classifyAPI(api)
	case errors.Is(err, nats.ErrTimeout), errors.Is(err, nats.ErrNoResponders), errors.Is(err, context.DeadlineExceeded), errors.Is(err, jetstream.ErrNoStreamResponse):
		return ErrUnavailable
	}
	return fmt.Errorf("stream: %w", err)
}

func classifyAPI(api *jetstream.APIError) error {
	switch {
	case api.ErrorCode == codeStoreFull:
		return ErrFull
	case api.ErrorCode == codeWrongSequence:
		return ErrExists
	case api.ErrorCode == codeInProcess, api.ErrorCode == codeSubjectTwice, api.ErrorCode == codeIncomplete,
		api.ErrorCode == codeTooManyBatches, api.Code == 503:
		return ErrUnavailable
	case api.ErrorCode == codeMessageNotFound:
		return ErrGone
	}
	return fmt.Errorf("stream: %w", api)
}

func hasCode(err error, code jetstream.ErrorCode) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == code
}
