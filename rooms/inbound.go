package rooms

import "time"

// InboundKind says what somebody wants who has written.
type InboundKind string

// What people, and their mailboxes, write. Bounces and receipts are not among it: they speak of a delivery.
const (
	InboundReply     InboundKind = "reply"     // whatever a person writes, also where nothing was sent before
	InboundStop      InboundKind = "stop"      // ends the subscription
	InboundHelp      InboundKind = "help"      // asks what this is
	InboundComplaint InboundKind = "complaint" // was reported as unwanted (RFC 5965)
	InboundAutomatic InboundKind = "automatic" // a machine wrote it (RFC 3834): never answered, never passed on
)

// Inbound is what came in on a channel, as it was heard.
type Inbound struct {
	// ID is derived from what the other side calls it, so that what is heard twice counts once.
	ID       string
	Kind     InboundKind
	Channel  Channel
	Provider string  // by its name in the configuration
	From     Address // who has written, on that channel
	To       Address // at which address or number
	Subject  Body
	Text     Body
	At       time.Time
	// Answers is the attempt that it answers, where the address or the message itself says so; else the zero value.
	Answers AttemptID
	// Signed says that Answers was told by a token that crier has signed for that recipient.
	Signed bool
}

// AttemptID names one attempt of a delivery.
type AttemptID struct {
	DeliveryID
	Round   int // from 0
	Attempt int // from 1
}
