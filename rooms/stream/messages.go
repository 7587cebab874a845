package stream

import (
	"context"
	"errors"
	"fmt"

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
	s, err := l.entry(ctx, streamRooms, get{Sequence: sequence})
	if err != nil {
		return rooms.Message{}, err
	}
	return decodeMessage(s.subject, s.sequence, s.header, s.data)
}

// Erase overwrites the body of a message on disk and removes its entry. Erasing what is gone
// is no error.
func (l *Log) Erase(ctx context.Context, sequence uint64) error {
	if err := l.remove(ctx, streamRooms, sequence, true); err != nil && !errors.Is(err, ErrGone) {
		return fmt.Errorf("stream: erase entry %d: %w", sequence, err)
	}
	return nil
}
