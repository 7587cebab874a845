package rooms

import (
	"slices"
	"time"
)

// FailedFilter picks out some of the deliveries that have failed, or of which nobody knows whether they were sent. The zero
// value picks out all.
type FailedFilter struct {
	UMID       UMID      // of one message
	Type       Type      // of messages
	Deliveries []int     // numbers of recipients
	Reasons    []Reason  // any of them
	Channels   []Channel // any of them
	Since      time.Time // failed then or later
	Until      time.Time // failed before
}

// Message says whether deliveries of a message may be among them.
func (f FailedFilter) Message(h Header) bool {
	return (f.UMID == "" || f.UMID == h.UMID) && (f.Type == "" || f.Type == h.Type) && (f.Until.IsZero() || h.ReceivedAt.Before(f.Until))
}

// Delivery says whether a delivery of such a message is among them.
func (f FailedFilter) Delivery(n int, c Channel, s State) bool {
	return (len(f.Deliveries) == 0 || slices.Contains(f.Deliveries, n)) &&
		(len(f.Reasons) == 0 || slices.Contains(f.Reasons, s.Reason)) &&
		(len(f.Channels) == 0 || slices.Contains(f.Channels, c)) &&
		!s.At.Before(f.Since) && (f.Until.IsZero() || s.At.Before(f.Until))
}

// All says that the deliveries of a message are not told apart.
func (f FailedFilter) All() bool {
	return len(f.Deliveries) == 0 && len(f.Reasons) == 0 && len(f.Channels) == 0 && f.Since.IsZero() && f.Until.IsZero()
}

// Dead says that something went wrong with a delivery and that nothing follows by itself: it has failed, unless somebody
// wanted it so, or nobody knows whether it was sent.
func (s State) Dead() bool { return s.Undecided() || s.Status == Failed && s.Reason.Wrong() }

// Advice is what a person can do about a delivery that failed for this reason, in a sentence.
func (r Reason) Advice() string {
	switch r {
	case Expired:
		return "It was not sent in time; see whether the provider works, or give the policy a longer expiry, and resend."
	case Rejected:
		return "The provider refused it for good; see its code, correct what it names, and resend or drop."
	case Bounced:
		return "The provider took it and it came back; correct the address with the person, and resend or drop."
	case Deferred, Throttled:
		return "The provider asked to try later until time was over; wait until it takes more, and resend."
	case TimedOut:
		return "The provider did not answer in time; see whether it works, and resend."
	case Unreachable:
		return "There was no connection to the provider; see the network and its address, and resend."
	case Unknown:
		return "Nobody knows whether it was sent; ask the provider or the person, then resend what did not arrive and drop the rest."
	case NoContent:
		return "The message says nothing for this channel; drop it, and publish another with a text for the channel."
	case Gone:
		return "The content is no longer kept; drop it, and publish the message anew."
	case Unconfigured:
		return "The channel has no provider; configure one, and resend."
	case Quiet:
		return "The policy allowed no sending before the deadline; change its times or its expiry, and resend."
	case Incomplete:
		return "The person has no value that the content asks for; complete the subscriber, drop it, and publish anew."
	case NoMailbox:
		return "The address does not exist; correct it with the person, and drop it."
	}
	return "See what went wrong, then drop it."
}
