package stream

import (
	"context"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// maxBatch is the most entries of an atomic batch (nats-server, JSMaxAtomicBatchSize).
const maxBatch = 1000

// Headers of an atomic batch (NATS ADR-50) and of a conditional append (ADR-34).
const (
	headerBatchID       = "Nats-Batch-Id"
	headerBatchSequence = "Nats-Batch-Sequence"
	headerBatchCommit   = "Nats-Batch-Commit"
	headerExpectedLast  = "Nats-Expected-Last-Subject-Sequence"
)

// ack is JetStream's answer to a publish or to the commit of a batch.
type ack struct {
	Sequence  uint64              `json:"seq"`
	Duplicate bool                `json:"duplicate"`
	Count     int                 `json:"count"`
	Error     *jetstream.APIError `json:"error"`
}

// publish appends one message.
func publish(ctx context.Context, nc *nats.Conn, m *nats.Msg) (ack, error) {
	reply, err := nc.RequestMsgWithContext(ctx, m)
	if err != nil {
		return ack{}, err
	}
	var a ack
	if err := json.Unmarshal(reply.Data, &a); err != nil {
		return ack{}, fmt.Errorf("an answer that is no acknowledgement: %w", err)
	}
	if a.Error != nil {
		return ack{}, a.Error
	}
	return a, nil
}

// publishBatch appends messages of one stream as an atomic batch: all of them or none. The
// acknowledgement carries the sequence of the last. The headers it needs are gone from the
// messages when it returns, so that they can be tried again.
func publishBatch(ctx context.Context, nc *nats.Conn, msgs []*nats.Msg) (ack, error) {
	id := nuid.Next()
	defer func() {
		for _, m := range msgs {
			m.Header.Del(headerBatchID)
			m.Header.Del(headerBatchSequence)
			m.Header.Del(headerBatchCommit)
		}
	}()
	for i, m := range msgs {
		if m.Header == nil {
			m.Header = nats.Header{}
		}
		m.Header[headerBatchID] = []string{id}
		m.Header[headerBatchSequence] = []string{strconv.Itoa(i + 1)}
		if i == len(msgs)-1 {
			break
		}
		if err := nc.PublishMsg(m); err != nil {
			return ack{}, err
		}
	}
	last := msgs[len(msgs)-1]
	last.Header[headerBatchCommit] = []string{"1"}
	return publish(ctx, nc, last)
}
