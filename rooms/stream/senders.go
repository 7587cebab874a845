package stream

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

// What the bucket of senders is made of (NATS ADR-8): one key for each client that is registered.
const (
	streamSenders = "KV_" + bucketSenders
	senderPrefix  = "$KV." + bucketSenders + "."
)

// headerExpectedEnd lets a publish depend on the last entry of the whole stream.
const headerExpectedEnd = "Nats-Expected-Last-Sequence"

// PutSender stores a registration, or that a client has none if it has no organisation. ErrRevision if after is not the
// last entry of all: so whoever has compared it with all others has missed none.
func (l *Log) PutSender(ctx context.Context, r rooms.Registration, after uint64) (entry uint64, err error) {
	m := &nats.Msg{Subject: senderPrefix + base64.RawURLEncoding.EncodeToString([]byte(r.Client)),
		Header: nats.Header{headerExpectedEnd: {strconv.FormatUint(after, 10)}}}
	if r.Organisation == "" {
		m.Header.Set(headerOperation, operationDelete)
	} else if m.Data, err = json.Marshal(r); err != nil {
		return 0, fmt.Errorf("stream: encode a sender: %w", err)
	}
	return l.swap(ctx, streamSenders, m, after)
}

// Senders gives the registrations that were stored or changed from an entry on, each as it is now, and the last entry of
// all, or 0 if there is none from there on. One without an organisation has ended. What nobody can read is reported and
// counts as ended.
func (l *Log) Senders(ctx context.Context, from uint64) (all []rooms.Registration, last uint64, err error) {
	err = l.eachEntry(ctx, streamSenders, senderPrefix, from, func(s stored) {
		r, err := decodeSender(s)
		if err != nil {
			l.options.Log.Error("a sender cannot be read; its client is taken for unregistered", "sequence", s.sequence, "error", err)
		}
		all, last = append(all, r), s.sequence
	})
	return all, last, err
}

// decodeSender reads a registration; whose it is, is known from the key alone.
func decodeSender(s stored) (r rooms.Registration, err error) {
	name, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(s.subject, senderPrefix))
	gone := rooms.Registration{Client: rooms.Client(name), Entry: s.sequence}
	if err != nil || s.header.Get(headerOperation) != "" {
		return gone, err
	}
	if err := json.Unmarshal(s.data, &r); err != nil {
		return gone, fmt.Errorf("stream: decode a sender: %w", err)
	}
	r.Client, r.Entry = gone.Client, gone.Entry
	return r, nil
}
