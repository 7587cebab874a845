package stream

import (
	"context"
	"errors"
	"fmt"
	"strings"

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
	codeStoreFailed      = 10077 // "maximum bytes exceeded", "store is closed" and their like
	codeWrongSequence    = 10071 // Nats-Expected-Last-Subject-Sequence did not hold
	codeSubjectTwice     = 10164 // the same subject is being stored at this moment, perhaps by the same batch
	codeBatchDuplicate   = 10201 // a batch holds an id that is known
	codeMessageNotFound  = 10037
	codeSequenceNotFound = 10043
)

// later says of a code that another time, or another server, is the right one, and that nothing
// was stored. So does every answer of class 503, of which 10008 is given while there is no leader.
func later(code jetstream.ErrorCode) bool {
	switch code {
	case 10005, // too few servers are there
		10006,        // the server has not joined its cluster yet
		10007,        // nor has it been given the stream
		10009,        // not the leader
		10118, 10194, // the stream is offline
		10119, 10195, // the consumer is offline
		10158,            // the same id is being stored at this moment
		codeSubjectTwice, // so is the same subject
		10167,            // too many requests
		10176,            // a part of a batch was lost on its way, perhaps with a leader
		10202,            // a server is being taken in or removed
		10210:            // too many batches are under way
		return true
	}
	return false
}

// classify turns an answer of JetStream into one of the package's errors. After ErrUnavailable
// the same call may succeed a moment later.
func classify(err error) error {
	var api *jetstream.APIError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrUnavailable), errors.Is(err, ErrGone):
		return err
	case errors.As(err, &api):
		return classifyAPI(api)
	case errors.Is(err, nats.ErrTimeout), errors.Is(err, nats.ErrNoResponders), errors.Is(err, context.DeadlineExceeded), errors.Is(err, jetstream.ErrNoStreamResponse):
		return ErrUnavailable
	case errors.Is(err, jetstream.ErrNoHeartbeat), errors.Is(err, jetstream.ErrConsumerLeadershipChanged), errors.Is(err, jetstream.ErrServerShutdown):
		return ErrUnavailable
	}
	return fmt.Errorf("stream: %w", err)
}

func classifyAPI(api *jetstream.APIError) error {
	switch {
	case api.ErrorCode == codeStoreFailed && strings.Contains(api.Description, "maximum"):
		return ErrFull
	case api.ErrorCode == codeStoreFailed && strings.Contains(api.Description, "too large"):
		return fmt.Errorf("stream: %w", api)
	case api.ErrorCode == codeWrongSequence:
		return ErrExists
	case api.ErrorCode == codeStoreFailed, later(api.ErrorCode), api.Code == 503:
		return fmt.Errorf("%w: %w", ErrUnavailable, api)
	case gone(api):
		return ErrGone
	}
	return fmt.Errorf("stream: %w", api)
}

// gone tells that what was asked for is not there; the deletion of what is not there has no code
// of its own.
func gone(api *jetstream.APIError) bool {
	return api.ErrorCode == codeMessageNotFound || api.ErrorCode == codeSequenceNotFound || strings.Contains(api.Description, "no message found")
}

func hasCode(err error, code jetstream.ErrorCode) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == code
}
