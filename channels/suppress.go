package channels

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Suppressions knows the addresses that take nothing, and learns of them.
type Suppressions interface {
	Holds(e rooms.Endpoint) bool
	// Stopped says whether a person who is no subscriber wants nothing more of a room.
	Stopped(room rooms.Room, e rooms.Endpoint) bool
	// Erased says whether a person was erased after a message was accepted, which names him in vain.
	Erased(e rooms.Endpoint, accepted time.Time) bool
	SuppressionLearner
}

// SuppressionLearner is told what became of attempts: an address was refused as one that does not exist, something was
// taken there, of which a receipt may follow, or a delivery arrived. Doing it again changes nothing.
type SuppressionLearner interface {
	Refused(ctx context.Context, e rooms.Endpoint, reason rooms.Reason, attempt string) error
	Taken(ctx context.Context, e rooms.Endpoint, delivery string, receipt bool) error
	Delivered(ctx context.Context, delivery string) error
	// Returned is told that an address does not exist, as a report on an attempt says. It is believed only if that attempt
	// was made there.
	Returned(ctx context.Context, a rooms.AttemptID, room rooms.Room, e rooms.Endpoint) error
}

// suppressed says whether nothing is to be sent there. An emergency is tried all the same: should the address exist
// again it is the one message that must not miss it, and it costs one refusal, after which the delivery has failed.
func (w *worker) suppressed(j work, d rooms.Delivery) bool {
	return w.suppressions != nil && j.Lane != rooms.Emergency && j.Channel != rooms.Webhook &&
		w.suppressions.Holds(rooms.Endpoint{Channel: d.To.Channel, Address: d.To.Address})
}

// stopped says whether somebody who is named, and no subscriber, wants nothing more of the room. Emergencies are sent all
// the same, and what crier itself has to say, since he has asked for it.
func (w *worker) stopped(j work, o order) bool {
	if w.suppressions == nil || j.Lane == rooms.Emergency || j.Channel == rooms.Webhook || o.own {
		return false
	}
	_, err := rooms.ParseSubscriberID(j.Owner)
	return err != nil && w.suppressions.Stopped(j.Room, rooms.Endpoint{Channel: o.To.Channel, Address: o.To.Address})
}

// erased says whether somebody who is named, and no subscriber, was erased after the message was accepted, by whichever of
// his contacts: nothing that was said before reaches him, emergencies included.
func (w *worker) erased(j work, o order, whole rooms.Contact) bool {
	if w.suppressions == nil || j.Channel == rooms.Webhook {
		return false
	}
	_, err := rooms.ParseSubscriberID(j.Owner)
	return err != nil && slices.ContainsFunc(whole.Endpoints(), func(e rooms.Endpoint) bool { return w.suppressions.Erased(e, o.accepted) })
}

// learn notes what an outcome says of the address.
func (w *worker) learn(ctx context.Context, j work, d rooms.Delivery, o Outcome) {
	if w.suppressions == nil || j.Channel == rooms.Webhook {
		return
	}
	at, err := rooms.Endpoint{Channel: d.To.Channel, Address: d.To.Address}, error(nil)
	switch {
	case o.Result == Rejected && o.Reason == rooms.NoMailbox:
		err = w.suppressions.Refused(ctx, at, o.Reason, fmt.Sprintf("%s.%d.%d", j.UMID, j.N, j.Attempt))
	case o.Result == Sent:
		err = w.suppressions.Taken(ctx, at, deliveryName(j.ID()), o.Receipt)
	}
	if err != nil {
		w.log.Warn("what an address takes was not noted; the next attempt tells again", append(ids(j.Job), "error", err)...)
	}
}

func deliveryName(id rooms.DeliveryID) string { return fmt.Sprintf("%s.%d", id.UMID, id.N) }
