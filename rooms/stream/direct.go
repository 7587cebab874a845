package stream

import (
	"context"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// maxLast is the most subjects of one multi_last request (nats-server caps its answer at 1024).
const maxLast = 1000

// batchGet asks for many entries at once (NATS ADR-31).
type batchGet struct {
	Sequence uint64   `json:"seq,omitzero"`
	Next     string   `json:"next_by_subj,omitzero"`
	Batch    int      `json:"batch,omitzero"`
	Last     []string `json:"multi_last,omitzero"`
}

// stored is an entry as a direct get gives it.
type stored struct {
	subject  string
	sequence uint64
	header   nats.Header
	data     []byte
}

// direct reads a batch of entries and calls fn for each, in the order of the stream.
func (l *Log) direct(ctx context.Context, stream string, get batchGet, fn func(stored) error) error {
	request, err := json.Marshal(get)
	if err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	nc := l.read.Conn()
	inbox := nc.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := nc.PublishRequest(jetstream.DefaultAPIPrefix+"DIRECT.GET."+stream, inbox, request); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	for {
		m, err := next(ctx, sub)
		if err != nil {
			out := classify(err)
			return out
		}
		if status := m.Header.Get("Status"); status != "" {
			return endOfBatch(status)
		}
		sequence, err := strconv.ParseUint(m.Header.Get(jetstream.SequenceHeader), 10, 64)
		if err != nil {
			return fmt.Errorf("stream: an entry without a sequence: %w", err)
		}
		if err := fn(stored{m.Header.Get(jetstream.SubjectHeader), sequence, m.Header, m.Data}); err != nil {
			return err
		}
	}
}

// next waits for the next entry, but no longer than an answer may take: the end of a batch may
// be lost like any other message.
func next(ctx context.Context, sub *nats.Subscription) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	return sub.NextMsgWithContext(ctx)
}

// endOfBatch reads the status that closes a batch: 204 after the last entry, 404 if there was
// none.
func endOfBatch(status string) error {
	switch status {
	case "204", "404":
		return nil
	case "503":
		return ErrUnavailable
	}
	return fmt.Errorf("stream: a direct get was answered with status %s", status)
}
