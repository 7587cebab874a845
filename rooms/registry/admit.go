package registry

import (
	"context"

	"github.com/govcrier/crier/rooms"
)

// candidate is somebody who is to come in, his entry, new or of one who waits to be approved or to confirm, and what an admin
// says of him.
type candidate struct {
	sub rooms.Subscriber
	rooms.Subscription
}

// admit makes who waits an active subscriber, with what an admin says in the place of what was asked for him. Nobody
// can keep a person out of a room by asking for him.
func (s *Subscribers) admit(ctx context.Context, sub rooms.Subscriber, p rooms.Subscription) (rooms.Subscriber, error) {
	sub.State, sub.Invitation, sub.Since = rooms.SubscriberActive, rooms.Invitation{}, s.moment()
	return s.replace(ctx, sub, p)
}

// admitAll admits people one by one, until an error, and says how many.
func (s *Subscribers) admitAll(ctx context.Context, waiting []candidate) (admitted int, err error) {
	for _, w := range waiting {
		if _, err := s.admit(ctx, w.sub, w.Subscription); err != nil {
			return admitted, err
		}
		admitted++
	}
	return admitted, nil
}
