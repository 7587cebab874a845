package stream

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

// What the bucket of blocked clients is made of (NATS ADR-8).
const (
	streamBlocked = "KV_" + bucketBlocked
	blockedPrefix = "$KV." + bucketBlocked + "."
)

// Block keeps a client out; doing it twice changes nothing but the time.
func (l *Log) Block(ctx context.Context, b rooms.Blocked) error {
	data, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("stream: encode a block: %w", err)
	}
	return l.setBlocked(ctx, b.Client, data, nil)
}

// Unblock lets a client in again; one that was not blocked is no error.
func (l *Log) Unblock(ctx context.Context, c rooms.Client) error {
	return l.setBlocked(ctx, c, nil, nats.Header{headerOperation: {operationDelete}})
}

func (l *Log) setBlocked(ctx context.Context, c rooms.Client, data []byte, h nats.Header) error {
	m := &nats.Msg{Subject: blockedPrefix + base64.RawURLEncoding.EncodeToString([]byte(c)), Header: h, Data: data}
	return l.insist(ctx, func(ctx context.Context) error {
		_, err := publish(ctx, l.queue, m)
		return err
	})
}

// Blocked lists the blocked clients.
func (l *Log) Blocked(ctx context.Context) (all []rooms.Blocked, err error) {
	err = l.eachEntry(ctx, streamBlocked, blockedPrefix, 0, func(s stored) {
		if s.header.Get(headerOperation) != "" {
			return
		}
		b, err := decodeBlocked(s)
		if err != nil {
			l.options.Log.Error("a block cannot be read; the client stays out", "sequence", s.sequence, "error", err)
		}
		all = append(all, b)
	})
	return all, err
}

// decodeBlocked reads a block; whoever it is about is known from its key alone.
func decodeBlocked(s stored) (rooms.Blocked, error) {
	name, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(s.subject, blockedPrefix))
	b := rooms.Blocked{Client: rooms.Client(name), Since: time.Time{}}
	if err != nil {
		return b, err
	}
	return b, json.Unmarshal(s.data, &b)
}
