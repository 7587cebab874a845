package stream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// maxLast is the most subjects of one multi_last request (nats-server caps its answer at 1024).
const maxLast = 1000

// get asks for one entry, or, directly, for many at once (NATS ADR-31).
type get struct {
	Sequence uint64    `json:"seq,omitzero"`
	Since    time.Time `json:"start_time,omitzero"` // instead of Sequence
	Next     string    `json:"next_by_subj,omitzero"`
	Last     string    `json:"last_by_subj,omitzero"`
	LastOf   []string  `json:"multi_last,omitzero"`
	Batch    int       `json:"batch,omitzero"`
	MaxBytes int       `json:"max_bytes,omitzero"`
}

// stored is an entry as a get gives it.
type stored struct {
	subject  string
	sequence uint64
	header   nats.Header
	data     []byte
}

// entry reads one entry; ErrGone if it is not there. It asks the replica at hand. One that lags
// does not know the latest entries yet, so what it does not have is asked of the leader.
func (l *Log) entry(ctx context.Context, stream string, g get) (stored, error) {
	s, err := l.atHand(ctx, stream, g)
	if errors.Is(err, ErrGone) && l.options.replicated() {
		return l.leader(ctx, stream, g)
	}
	return s, err
}

// atHand reads one entry of the replica at hand.
func (l *Log) atHand(ctx context.Context, stream string, g get) (s stored, err error) {
	err = l.insist(ctx, func(ctx context.Context) error {
		s, err = l.direct(ctx, stream, g)
		return err
	})
	return s, err
}

// direct asks any replica, the one at hand if it can, for one entry.
func (l *Log) direct(ctx context.Context, stream string, g get) (stored, error) {
	request, err := json.Marshal(g)
	if err != nil {
		return stored{}, fmt.Errorf("stream: %w", err)
	}
	m, err := l.read.Conn().RequestWithContext(ctx, l.replica(stream), request)
	if err != nil {
		return stored{}, err
	}
	if status := m.Header.Get("Status"); status != "" {
		return stored{}, directError(status)
	}
	return decodeStored(m)
}

// directSubject is where a replica answers, the one at hand if it can.
func directSubject(stream string) string { return jetstream.DefaultAPIPrefix + "DIRECT.GET." + stream }

func directError(status string) error {
	switch status {
	case "404":
		return ErrGone
	case "503":
		return ErrUnavailable
	}
	return fmt.Errorf("a direct get was answered with status %s", status)
}

func decodeStored(m *nats.Msg) (stored, error) {
	sequence, err := strconv.ParseUint(m.Header.Get(jetstream.SequenceHeader), 10, 64)
	if err != nil {
		return stored{}, fmt.Errorf("an entry without a sequence: %w", err)
	}
	return stored{m.Header.Get(jetstream.SubjectHeader), sequence, m.Header, m.Data}, nil
}

// batchEnd is what a replica says of itself at the end of a batch.
type batchEnd struct {
	pending uint64 // how many entries follow there
	upTo    uint64 // the end of its stream; in answer to LastOf only, and only if an entry was found
}

// headerPrevious names, in an answer of many entries, the one before; 0 before the first.
const headerPrevious = "Nats-Last-Sequence"

// batch asks any replica for a batch of entries and calls fn for each, in the order of the
// stream. ErrUnavailable if one was lost on its way, say while the connection was made anew; those
// before it have been handed to fn.
func (l *Log) batch(ctx context.Context, nc *nats.Conn, stream string, g get, fn func(stored) error) (end batchEnd, err error) {
	request, err := json.Marshal(g)
	if err != nil {
		return end, fmt.Errorf("stream: %w", err)
	}
	inbox := nc.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return end, fmt.Errorf("stream: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := nc.PublishRequest(l.replica(stream), inbox, request); err != nil {
		return end, fmt.Errorf("stream: %w", err)
	}
	for previous := uint64(0); ; {
		m, err := l.next(ctx, sub)
		if err != nil {
			return end, classify(err)
		}
		if status := m.Header.Get("Status"); status != "" {
			return endOfBatch(status, m, previous, len(g.LastOf) > 0)
		}
		s, err := decodeStored(m)
		if err != nil {
			return end, fmt.Errorf("stream: %w", err)
		}
		if !follows(m, previous) {
			return end, fmt.Errorf("%w: entries before %d are missing", ErrUnavailable, s.sequence)
		}
		previous = s.sequence
		if err := fn(s); err != nil {
			return end, err
		}
	}
}

// next waits for the next entry, but no longer than an answer may take: the end of a batch may
// be lost like any other message.
func (l *Log) next(ctx context.Context, sub *nats.Subscription) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, l.options.AnswerTimeout)
	defer cancel()
	return sub.NextMsgWithContext(ctx)
}

// follows says whether nothing is missing between a part of an answer and what came before it.
func follows(m *nats.Msg, previous uint64) bool {
	return m.Header.Get(headerPrevious) == strconv.FormatUint(previous, 10)
}

// endOfBatch reads the status that closes a batch: 204 after the last entry, 404 if there was
// none. many says that the last entries of many subjects were asked for.
func endOfBatch(status string, m *nats.Msg, previous uint64, many bool) (end batchEnd, err error) {
	if status == "204" {
		if !follows(m, previous) {
			return end, fmt.Errorf("%w: entries after %d are missing", ErrUnavailable, previous)
		}
		end.pending, _ = strconv.ParseUint(m.Header.Get("Nats-Num-Pending"), 10, 64)
		end.upTo, _ = strconv.ParseUint(m.Header.Get("Nats-UpTo-Sequence"), 10, 64)
		return end, nil
	}
	err = directError(status)
	switch {
	case !errors.Is(err, ErrGone):
		return end, classify(err)
	case previous > 0, many && m.Header.Get("Description") != "No Results": // something there could not be read
		return end, ErrUnavailable
	}
	return end, nil
}
