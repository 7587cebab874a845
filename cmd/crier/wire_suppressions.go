package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/replies"
)

// suppressions are the addresses that take nothing, with what tells whether an attempt was made there.
type suppressions struct {
	*registry.Suppressions
	known *knowledge
}

// Returned notes that an address does not exist, if the index knows that the attempt was made there: whoever has a mail can
// write a report on it, about anybody.
func (s suppressions) Returned(ctx context.Context, a rooms.AttemptID, room rooms.Room, e rooms.Endpoint) error {
	sent, err := conversations{s.known}.Latest(ctx, []rooms.Room{room}, e)
	there := func(one replies.Sent) bool { return one.DeliveryID == a.DeliveryID }
	if err != nil || !slices.ContainsFunc(sent, there) {
		return err
	}
	return s.Refused(ctx, e, rooms.NoMailbox, fmt.Sprintf("%s.%d.%d", a.UMID, a.N, a.Attempt))
}
