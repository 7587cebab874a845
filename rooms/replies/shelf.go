package replies

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// ErrUnknown says that there is no such reply, or none for who asks.
var ErrUnknown = errors.New("replies: unknown reply")

// ErrUnfit says that a message is not one of the room.
var ErrUnfit = errors.New("replies: the message is not of the room")

// ShelfStore reads and erases what is kept.
type ShelfStore interface {
	Store
	ScanReplies(ctx context.Context, room rooms.Room, after uint64, limit int, fn func(rooms.Reply) error) (next uint64, err error)
	Reply(ctx context.Context, sequence uint64) (rooms.Reply, error)
	EraseReply(ctx context.Context, sequence uint64) error
	RemoveReplies(ctx context.Context, room rooms.Room) error
}

// Shelf is where replies lie until they are taken.
type Shelf struct {
	Store      ShelfStore
	Vault      Vault
	Messages   Messages
	Publishers Publishers
	Log        *slog.Logger
}

// Opened is a reply with what it says, in the clear; without that, if it cannot be opened any more.
type Opened struct {
	rooms.Reply
	rooms.Letter
}

// Reader is who reads in a room: a publisher sees what answers his own messages, All whatever came.
type Reader struct {
	Room   rooms.Room // "": what belongs to no room
	Client rooms.Client
	All    bool
	UMID   rooms.UMID // only what answers this message; "": all
}

func (r Reader) sees(one rooms.Reply) bool {
	return (r.All || r.Client != "" && one.Publisher == r.Client) && (r.UMID == "" || one.UMID == r.UMID)
}

// mostLooked is how many entries one page looks through at most, in pages.
const mostLooked = 10

// List gives replies behind a position, at most limit. next is where to go on, also where a page is short; 0 at the end.
func (s *Shelf) List(ctx context.Context, by Reader, after uint64, limit int) (page []Opened, next uint64, err error) {
	for range mostLooked {
		next, err = s.Store.ScanReplies(ctx, by.Room, after, limit-len(page), func(r rooms.Reply) error {
			if by.sees(r) {
				page = append(page, s.open(r))
			}
			return nil
		})
		if err != nil {
			return nil, 0, fmt.Errorf("replies: list: %w", err)
		}
		if after = next; next == 0 || len(page) == limit {
			break
		}
	}
	return page, next, nil
}

func (s *Shelf) open(r rooms.Reply) Opened {
	plain, err := s.Vault.Unseal(r.Sealed, r.Bound()...)
	o := Opened{Reply: r}
	if err == nil {
		o.Letter, err = rooms.DecodeLetter(plain)
	}
	if err != nil {
		s.Log.Error("a reply cannot be opened", "reply", r.Sequence, "error", err)
	}
	return o
}

// Get gives one, or says ErrUnknown.
func (s *Shelf) Get(ctx context.Context, by Reader, id rooms.ReplyID) (Opened, error) {
	r, err := s.Store.Reply(ctx, id.Sequence())
	switch {
	case errors.Is(err, stream.ErrGone), err == nil && (r.Room != by.Room || !by.sees(r)):
		return Opened{}, ErrUnknown
	case err != nil:
		return Opened{}, fmt.Errorf("replies: read: %w", err)
	}
	return s.open(r), nil
}

// Take erases one that its reader has, or says ErrUnknown.
func (s *Shelf) Take(ctx context.Context, by Reader, id rooms.ReplyID) error {
	if _, err := s.Get(ctx, by, id); err != nil {
		return err
	}
	return s.erase(ctx, id.Sequence())
}

func (s *Shelf) erase(ctx context.Context, sequence uint64) error {
	err := s.Store.EraseReply(ctx, sequence)
	if errors.Is(err, stream.ErrGone) {
		return ErrUnknown
	}
	if err != nil {
		return fmt.Errorf("replies: erase: %w", err)
	}
	return nil
}

// Release gives what belonged to nobody to a room, as an answer to one of its messages if u says which, and says as what it
// stands there. One that was interrupted is done again; if it is then given to another room it stands in both, for nobody
// can tell whether it was read in the first.
func (s *Shelf) Release(ctx context.Context, id rooms.ReplyID, room rooms.RoomConfig, u rooms.UMID) (Opened, error) {
	one, err := s.Get(ctx, Reader{All: true}, id)
	if err != nil {
		return one, err
	}
	one.Room, one.ID = room.Name, fmt.Sprintf("%s released %d to %s %s", one.ID, one.Sequence, room.Name, u)
	if u != "" {
		m, ok, err := s.Messages.Message(ctx, u)
		if _, there := stands([]rooms.RoomConfig{room}, m); err != nil || !ok || !there {
			return one, errors.Join(ErrUnfit, err)
		}
		one.UMID, one.Publisher = u, m.Publisher
	}
	was := one.Sequence
	if one.Reply, err = put(ctx, s.Store, s.Vault, one.Reply, one.Letter); err != nil {
		return one, fmt.Errorf("replies: release: %w", err)
	}
	if err := s.erase(ctx, was); err != nil && !errors.Is(err, ErrUnknown) {
		return one, err
	}
	if one.Matched() {
		err = s.Publishers.Replied(ctx, one.Reply)
	}
	return one, err
}

// RemoveAll erases what is kept of a room.
func (s *Shelf) RemoveAll(ctx context.Context, room rooms.Room) error {
	if err := s.Store.RemoveReplies(ctx, room); err != nil {
		return fmt.Errorf("replies: remove those of a room: %w", err)
	}
	return nil
}
