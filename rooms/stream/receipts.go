package stream

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// ParkReceipt stores a receipt until its delivery is known. The same one, come twice, is stored once.
func (l *Log) ParkReceipt(ctx context.Context, r rooms.ParkedReceipt) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("stream: encode a receipt: %w", err)
	}
	name := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q", r.Channel, r.Provider, r.ProviderID, r.Status))
	m := &nats.Msg{Subject: rooms.ReceiptSubject(r.Channel), Data: data, Header: nats.Header{jetstream.MsgIDHeader: {hex.EncodeToString(name[:16])}}}
	return l.insist(ctx, func(ctx context.Context) error { return l.append(ctx, []*nats.Msg{m}) })
}

// ParkedReceipts reads those that wait, from a position on, at most limit; upTo is the position of the last that was looked
// at, 0 if there was none. What cannot be read is reported and left out.
func (l *Log) ParkedReceipts(ctx context.Context, from uint64, limit int) (all []rooms.ParkedReceipt, upTo uint64, err error) {
	_, err = l.walk(ctx, streamReceipts, rooms.ReceiptFilter, from, limit, func(s stored) error {
		upTo = s.sequence
		r := rooms.ParkedReceipt{Sequence: s.sequence}
		err := json.Unmarshal(s.data, &r)
		if err == nil {
			r.Channel, err = rooms.ParseReceiptSubject(s.subject)
		}
		if err != nil {
			l.options.Log.Error("a receipt that waits cannot be read; it is left out", "sequence", s.sequence, "error", err)
			return nil
		}
		all = append(all, r)
		return nil
	})
	return all, upTo, err
}

// DropReceipt forgets one that waits.
func (l *Log) DropReceipt(ctx context.Context, sequence uint64) error {
	err := l.remove(ctx, streamReceipts, sequence, false)
	if errors.Is(err, ErrGone) {
		return nil
	}
	return err
}
