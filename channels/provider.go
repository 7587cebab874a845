package channels

import (
	"context"
	"errors"
	"time"

	"github.com/govcrier/crier/channels/lanes"
	"github.com/govcrier/crier/rooms"
)

// Provider is what stands behind a channel: an SMTP relay, an SMSC, the sandbox.
//
// Send hands one delivery over and says what became of it. It returns within the context's
// deadline, may be called from many goroutines at once, and keeps nothing of the delivery
// afterwards. A delivery may come again after a crash, with the same ID: what the provider's
// protocol offers against doubling (a Message-ID, an idempotency key) is derived from it.
type Provider interface {
	Send(ctx context.Context, d rooms.Delivery) Outcome
}

// Receipts is implemented by providers that hear later what became of a delivery.
// Receipts calls fn for each until ctx ends; fn returns once the receipt is durable, and a
// receipt for which it failed is offered again. It may come before Send has returned.
type Receipts interface {
	Receipts(ctx context.Context, fn func(context.Context, Receipt) error) error
}

// OneReader is implemented by providers whose receipts, and what people write to them, must be read by one node for all, say
// because the other side allows one session. It may still be read twice for a moment.
type OneReader interface {
	OneReader()
}

// Inbox is implemented by providers to which people write. Inbound calls fn for each thing until ctx ends; fn returns once
// it is durable, and one for which it failed is offered again. What comes twice has the same ID.
type Inbox interface {
	Inbound(ctx context.Context, fn func(context.Context, rooms.Inbound) error) error
}

// Listener hears for a channel without sending: a mailbox for bounces and answers. Source implements Receipts, Inbox or both.
type Listener struct {
	Name    string
	Channel rooms.Channel
	Source  any
}

// Receipt is the last word on a delivery.
type Receipt struct {
	// ID with Room, Attempt and Round names the attempt. A provider that knows it only by the id that it gave to it itself
	// leaves them empty, and says that id.
	ID         rooms.DeliveryID
	ProviderID string

	Room    rooms.Room
	Channel rooms.Channel
	Attempt int
	Round   int           // of the delivery
	Status  rooms.Status  // Delivered or Failed
	Reason  rooms.Reason  // of Failed
	To      rooms.Address // of Failed: to whom, as the report says, which anybody may have written; zero if it does not
	Code    string        // the provider's own code
	At      time.Time
}

// Result says what became of an attempt.
type Result string

// The results of an attempt.
const (
	// Sent: the provider has taken responsibility.
	Sent Result = "sent"
	// Deferred: not now; try again after Outcome.After, or as the policy says if that is zero.
	Deferred Result = "deferred"
	// Throttled: the provider's rate is used up; does not count as an attempt.
	Throttled Result = "throttled"
	// NoRoom: there is no place for this delivery yet, and nothing was sent; it comes again by itself after Outcome.After, within a
	// minute, and does not count as an attempt. It says nothing of the provider.
	NoRoom Result = "no-room"
	// Rejected: never; trying again is pointless.
	Rejected Result = "rejected"
	// Suppressed: this person may not be written to on this channel.
	Suppressed Result = "suppressed"
)

// Outcome is the result of an attempt with what the provider said of it. It holds no contact
// and no content: text that a server sends back may quote both, so only its codes are kept.
type Outcome struct {
	Result     Result
	ProviderID string        // Sent: what the provider calls it
	Receipt    bool          // Sent: a receipt will follow
	After      time.Duration // Deferred, Throttled: what the provider asked for; NoRoom: when there may be a place
	Reason     rooms.Reason
	Code       string // the provider's own code, such as "451 4.7.1"
}

// Full is the outcome of a delivery for which there was no place; ok is false if the error says something else.
func Full(err error) (o Outcome, ok bool) {
	var full *lanes.Full
	if !errors.As(err, &full) {
		return o, false
	}
	return Outcome{Result: NoRoom, After: full.After}, true
}
