package stream

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
)

// What the bucket of keys is made of (NATS ADR-8): one key, with the ids of the vault's keys that are in use. Ids are no secret.
const (
	streamKeys   = "KV_" + bucketKeys
	keysInUseKey = "$KV." + bucketKeys + ".inuse"
)

// KeysInUse gives the ids of the vault's keys with which the log was written, and the entry that says so; 0 if none does yet.
func (l *Log) KeysInUse(ctx context.Context) (ids []uint32, entry uint64, err error) {
	s, err := l.sure(ctx, streamKeys, get{Last: keysInUseKey})
	if errors.Is(err, ErrGone) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	if err := json.Unmarshal(s.data, &ids); err != nil {
		return nil, 0, fmt.Errorf("stream: which keys are in use cannot be read: %w", err)
	}
	return ids, s.sequence, nil
}

// PutKeysInUse stores them. ErrRevision if entry is not the latest, 0 for none.
func (l *Log) PutKeysInUse(ctx context.Context, ids []uint32, entry uint64) error {
	data, err := json.Marshal(ids)
	if err != nil {
		return fmt.Errorf("stream: encode which keys are in use: %w", err)
	}
	m := &nats.Msg{Subject: keysInUseKey, Data: data, Header: nats.Header{headerExpectedLast: {strconv.FormatUint(entry, 10)}}}
	_, err = l.swap(ctx, streamKeys, m, entry)
	return err
}
