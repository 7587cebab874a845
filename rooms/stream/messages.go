package stream

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// Append stores a message in the room's log and gives its sequence. known says that an entry
// with the same TxID stands there already, at that sequence, and that nothing was added; after
// a lost answer this may be m itself.
func (l *Log) Append(ctx context.Context, m rooms.Message) (sequence uint64, known bool, err error) {
	a := l.messages.append(ctx, encodeMessage(m))
	return a.sequence, a.duplicate, a.err
}

// Message reads an entry of the room's log. ErrGone if it is no longer kept.
func (l *Log) Message(ctx context.Context, sequence uint64) (rooms.Message, error) {
	raw, err := l.get(ctx, streamRooms, sequence)
	if err != nil {
		return rooms.Message{}, err
	}
	return decodeMessage(raw.Subject, raw.Sequence, raw.Header, raw.Data)
}

// Erase overwrites the body of a message on disk and removes its entry. Erasing what is gone
// is no error.
func (l *Log) Erase(ctx context.Context, sequence uint64) error {
	s, err := l.handle(ctx, streamRooms)
	if err != nil {
		return err
	}
	if err := s.SecureDeleteMsg(ctx, sequence); err != nil && !gone(err) {
		return fmt.Errorf("stream: erase entry %d: %w", sequence, err)
	}
	return nil
}

// gone tells the deletion of what is not there, which has no code of its own, from other
// failures.
func gone(err error) bool {
	return errors.Is(err, jetstream.ErrMsgNotFound) || strings.Contains(err.Error(), "no message found")
}

// get reads one entry of a stream by sequence.
func (l *Log) get(ctx context.Context, stream string, sequence uint64) (*jetstream.RawStreamMsg, error) {
	s, err := l.handle(ctx, stream)
	if err != nil {
		return nil, err
	}
	raw, err := s.GetMsg(ctx, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, ErrGone
	}
	out := classify(err)
	return raw, out
}
