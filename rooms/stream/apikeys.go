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

// What the bucket of API keys is made of (NATS ADR-8): one entry for each, under the keyed hash of the key.
const (
	streamAPIKeys = "KV_" + bucketAPIKeys
	apiKeyPrefix  = "$KV." + bucketAPIKeys + "."
)

// PutAPIKey stores whose a key is, or that it is nobody's if it is gone. ErrRevision if after is not the last entry of all.
func (l *Log) PutAPIKey(ctx context.Context, k rooms.APIKey, after uint64) (entry uint64, err error) {
	m := &nats.Msg{Subject: apiKeyPrefix + k.Hash, Header: nats.Header{headerExpectedEnd: {strconv.FormatUint(after, 10)}}}
	if k.Gone {
		m.Header.Set(headerOperation, operationDelete)
	} else if m.Data, err = json.Marshal(k); err != nil {
		return 0, fmt.Errorf("stream: encode an API key: %w", err)
	}
	return l.swap(ctx, streamAPIKeys, m, after)
}

// APIKeys gives the keys that were stored or revoked from an entry on, each as it is now, and the last entry of all, or 0 if
// there is none from there on. What nobody can read is reported and counts as revoked.
func (l *Log) APIKeys(ctx context.Context, from uint64) (all []rooms.APIKey, last uint64, err error) {
	err = l.eachEntry(ctx, streamAPIKeys, apiKeyPrefix, from, func(s stored) {
		k := rooms.APIKey{}
		gone := s.header.Get(headerOperation) != ""
		if !gone {
			if err := json.Unmarshal(s.data, &k); err != nil {
				l.options.Log.Error("an API key cannot be read; it is taken for revoked", "sequence", s.sequence, "error", err)
				gone = true
			}
		}
		k.Hash, k.Gone, k.Entry = strings.TrimPrefix(s.subject, apiKeyPrefix), gone, s.sequence
		all, last = append(all, k), s.sequence
	})
	return all, last, err
}
