package registry

import (
	"context"
	"fmt"

	"github.com/govcrier/crier/rooms"
)

// Each calls fn with every subscriber of a room who gets its messages now, in the order of their subscription; open gives his contact.
func (s *Subscribers) Each(ctx context.Context, room rooms.Room, fn func(ch rooms.Channel, open func() (rooms.Contact, error)) error) error {
	now := s.now()
	err := s.store.ScanSubscribers(ctx, room, 0, func(sub rooms.Subscriber) error {
		if !sub.Receives(now) {
			return nil
		}
		return fn(sub.Channel, func() (rooms.Contact, error) { return openContact(s.vault, sub) })
	})
	if err != nil {
		return fmt.Errorf("registry: read the subscribers of a room: %w", err)
	}
	return nil
}
