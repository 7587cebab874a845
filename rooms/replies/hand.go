package replies

import (
	"context"
	"fmt"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Handed is a reply that somebody else has heard, of which it is known what it answers.
type Handed struct {
	ID      string       // of what was heard; the same again within a day counts once
	Message rooms.Header // that it answers
	Letter  rooms.Letter
	At      time.Time
}

// Hand keeps a reply as if it had come by e-mail, and has the publisher told of it, if he wants to be. Its words are read by
// nobody here: it ends no subscription and is not answered. It is durable when Hand returns without an error.
func (s *Shelf) Hand(ctx context.Context, h Handed) (rooms.Reply, error) {
	r := rooms.Reply{
		ID: h.ID, Kind: rooms.InboundReply, Room: h.Message.Room, Channel: rooms.Email, At: h.At, HeardAt: h.At,
		UMID: h.Message.UMID, Publisher: h.Message.Publisher,
	}
	r, err := put(ctx, s.Store, s.Vault, r, h.Letter)
	if err != nil {
		return r, fmt.Errorf("replies: hand: %w", err)
	}
	if err := s.Publishers.Replied(ctx, r); err != nil {
		return r, fmt.Errorf("replies: tell of a reply: %w", err)
	}
	return r, nil
}
