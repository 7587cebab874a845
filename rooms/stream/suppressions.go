package stream

import (
	"context"
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
)

// whatIsGone is what is kept of a suppression that is gone: nothing, in an entry of an older version.
type whatIsGone struct {
	Cause string `json:"cause,omitzero"`
}

// PutSuppression stores that an address takes nothing, or, if it is gone, that it does again, and what it was for. ErrRevision if s.Entry is not
// the latest, 0 for none.
func (l *Log) PutSuppression(ctx context.Context, s rooms.Suppression) (entry uint64, err error) {
	m := &nats.Msg{Subject: suppressionPrefix + string(s.ID), Header: nats.Header{headerExpectedLast: {strconv.FormatUint(s.Entry, 10)}}}
	if s.Gone {
		m.Header[headerOperation] = []string{operationDelete}
		m.Data, err = json.Marshal(whatIsGone{s.Cause})
	} else {
		m.Data, err = json.Marshal(s)
	}
	if err != nil {
		return 0, fmt.Errorf("stream: encode a suppression: %w", err)
	}
	return l.swap(ctx, streamSuppressions, m, s.Entry)
}

// Suppressions gives what is known of addresses from an entry on, of each the latest. What nobody can read is reported and
// left out.
func (l *Log) Suppressions(ctx context.Context, from uint64) (all []rooms.Suppression, err error) {
	err = l.eachEntry(ctx, streamSuppressions, suppressionPrefix, from, func(s stored) {
		one := rooms.Suppression{}
		gone := s.header.Get(headerOperation) != ""
		if !gone || len(s.data) > 0 {
			if err := json.Unmarshal(s.data, &one); err != nil {
				l.options.Log.Error("a suppression cannot be read; the address is written to", "sequence", s.sequence, "error", err)
				gone = true
			}
		}
		one.ID, one.Entry, one.Gone = rooms.SuppressionID(strings.TrimPrefix(s.subject, suppressionPrefix)), s.sequence, gone
		all = append(all, one)
	})
	return all, err
}
