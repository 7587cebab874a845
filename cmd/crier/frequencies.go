package main

import (
	"context"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

// frequencies ask the index how often people are reached.
type frequencies struct{ *knowledge }

var _ channels.Frequencies = frequencies{}

// Person is the id that a contact has, or would have, as a subscriber of the room: who is named is the same person.
func (f frequencies) Person(room rooms.Room, c rooms.Contact) rooms.SubscriberID {
	return f.subscribers.ID(room, c)
}

// Reached gives the messages that have reached a person, after everything recorded so far.
func (f frequencies) Reached(ctx context.Context, id rooms.SubscriberID, since time.Time) (map[rooms.UMID]time.Time, error) {
	if err := f.told.wait(ctx); err != nil {
		return nil, err
	}
	return f.index.Reached(id, since)
}
