package registry

import (
	"context"
	"errors"

	"github.com/govcrier/crier/rooms"
)

// ConfirmAmong confirms whoever a contact names in that one of some rooms whose code he shows, and says which that is, or
// ErrCode. What is the code of none of them costs one try, in the first room where he has one: so people whom several rooms
// have asked do not lose the tries of one by the code of another.
func (i *Invitations) ConfirmAmong(ctx context.Context, among []rooms.Room, at rooms.Endpoint, code string) (rooms.Room, error) {
	var first rooms.Subscriber
	for _, room := range among {
		sub, err := i.Subscribers.Find(ctx, room, i.Subscribers.ID(room, rooms.Contact{Channel: at.Channel, Address: at.Address}), at)
		switch {
		case errors.Is(err, ErrUnknownSubscriber):
		case err != nil:
			return "", err
		case i.good(sub, code):
			_, err = i.Confirm(ctx, room, sub.ID, code)
			return room, err
		case first.ID == "" && i.open(sub):
			first = sub
		}
	}
	if first.ID == "" {
		return "", ErrCode
	}
	_, err := i.Confirm(ctx, first.Room, first.ID, code)
	return first.Room, err
}
