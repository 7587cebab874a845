package smpp

import (
	"context"
	"errors"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/smpp/pdu"
	"github.com/govcrier/crier/rooms"
)

// judge turns what the centre answers to a message into an outcome. What is not in the table may pass, or is our own fault, such
// as a sender that the account may not use: the message is good once that is mended.
func judge(s pdu.Status, throttleWait time.Duration) channels.Outcome {
	o := channels.Outcome{Result: channels.Deferred, Reason: rooms.Deferred, Code: s.String()}
	switch s {
	case pdu.OK:
		return channels.Outcome{Result: channels.Sent}
	case pdu.Throttled:
		o.Result, o.Reason, o.After = channels.Throttled, rooms.Throttled, throttleWait
	case pdu.InvalidDestination:
		o.Result, o.Reason = channels.Rejected, rooms.NoMailbox
	case pdu.InvalidMessageLength, pdu.InvalidDestinationFlag, pdu.InvalidSubmit, pdu.ReceiverPermanent:
		o.Result, o.Reason = channels.Rejected, rooms.Rejected
	}
	return o
}

// failed is the outcome where there is no answer. taken says that the centre may have the message.
func failed(err error, taken bool) channels.Outcome {
	o := channels.Outcome{Result: channels.Deferred, Reason: rooms.Unreachable}
	switch {
	case taken:
		o.Reason = rooms.Unknown
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		o.Reason = rooms.TimedOut
	}
	return o
}
