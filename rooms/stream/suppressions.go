package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

// What the bucket of suppressions is made of (NATS ADR-8): a key for each address.
const (
	streamSuppressions = "KV_" + bucketSuppressions
	suppressionPrefix  = "$KV." + bucketSuppressions + "."
	maxSuppressions    = 1_000 // read at once
)

// PutSuppression stores that an address takes nothing, or, if it is gone, that it does again. ErrRevision if s.Entry is not
// the latest, 0 for none.
func (l *Log) PutSuppression(ctx context.Context, s rooms.Suppression) (entry uint64, err error) {
	m := &nats.Msg{Subject: suppressionPrefix + string(s.ID), Header: nats.Header{headerExpectedLast: {strconv.FormatUint(s.Entry, 10)}}}
	if s.Gone {
		m.Header[headerOperation] = []string{operationDelete}
	} else if m.Data, err = json.Marshal(s); err != nil {
		return 0, fmt.Errorf("stream: encode a suppression: %w", err)
	}
	attempts := 0
	err = l.insist(ctx, func(ctx context.Context) error {
		attempts++
		a, err := publish(ctx, l.queue, m)
		entry = a.Sequence
		return err
	})
	if !errors.Is(err, ErrExists) {
		return entry, err
	}
	if attempts > 1 { // an attempt whose answer was lost may have succeeded
		found, e := l.sure(ctx, streamSuppressions, get{Last: m.Subject})
		if e == nil && bytes.Equal(found.data, m.Data) {
			return found.sequence, nil
		}
	}
	return 0, ErrRevision
}

// Suppressions gives what is known of addresses from an entry on, of each the latest. What nobody can read is reported and
// left out.
func (l *Log) Suppressions(ctx context.Context, from uint64) ([]rooms.Suppression, error) {
	var all []rooms.Suppression
	for count := maxSuppressions; count == maxSuppressions; {
		var err error
		count, err = l.walk(ctx, streamSuppressions, suppressionPrefix+">", from, maxSuppressions, func(s stored) error {
			from = s.sequence + 1
			one := rooms.Suppression{}
			gone := s.header.Get(headerOperation) != ""
			if !gone {
				if err := json.Unmarshal(s.data, &one); err != nil {
					l.options.Log.Error("a suppression cannot be read; the address is written to", "sequence", s.sequence, "error", err)
					gone = true
				}
			}
			one.ID, one.Entry, one.Gone = rooms.SuppressionID(strings.TrimPrefix(s.subject, suppressionPrefix)), s.sequence, gone
			all = append(all, one)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
