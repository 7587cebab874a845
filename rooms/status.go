package rooms

import (
	"cmp"
	"fmt"
	"time"
)

// Status is where a delivery stands (GovStack Messaging 5.1.24.1).
type Status string

// The life of a delivery. Delivered and Failed are terminal; Sent is the last word where the
// channel gives no receipt.
const (
	Pending   Status = "pending"   // in the room's log, no job yet
	Queued    Status = "queued"    // a job exists
	Sent      Status = "sent"      // the provider has confirmed it
	Delivered Status = "delivered" // a receipt says that it arrived
	Errored   Status = "errored"   // an attempt failed, another follows
	Failed    Status = "failed"    // given up, with a reason
)

// Statuses lists every status in the order of a delivery's life.
func Statuses() []Status {
	return []Status{Pending, Queued, Sent, Delivered, Errored, Failed}
}

// Reason refines a status.
type Reason string

// Why a delivery errored or failed.
const (
	NoReason     Reason = ""
	Expired      Reason = "expired"        // its deadline passed before it was sent
	Rejected     Reason = "rejected"       // the provider refused it for good
	Suppressed   Reason = "suppressed"     // the person left, or may not be written to
	Bounced      Reason = "bounced"        // accepted by the provider, refused further on
	Cancelled    Reason = "cancelled"      // withdrawn by the publisher
	Deferred     Reason = "deferred"       // the provider asks to try later
	Throttled    Reason = "throttled"      // the provider's rate is used up
	TimedOut     Reason = "timeout"        // the provider did not answer in time
	Unreachable  Reason = "unreachable"    // no connection to the provider
	Unknown      Reason = "unknown"        // nobody knows whether the provider took it
	NoContent    Reason = "no-content"     // the message has nothing for this channel
	Gone         Reason = "gone"           // the content is no longer kept
	Unconfigured Reason = "not-configured" // the channel has no provider
	Quiet        Reason = "quiet-hours"    // the policy allows no sending now
	Capped       Reason = "capped"         // the person has had as many messages as the policy allows
	Incomplete   Reason = "incomplete"     // the person has no value that the content asks for
	Superseded   Reason = "superseded"     // another message has taken its place
	TooManyFail  Reason = "too-many-failed"
	NoMailbox    Reason = "no-mailbox" // the address does not exist
)

// Reasons lists every reason; the position of each is fixed, since indexes store it.
func Reasons() []Reason {
	return []Reason{NoReason, Expired, Rejected, Suppressed, Bounced, Cancelled, Deferred,
		Throttled, TimedOut, Unreachable, Unknown, NoContent, Gone, Unconfigured,
		Quiet, Capped, Incomplete, Superseded, TooManyFail, NoMailbox}
}

// State is a delivery's status with its attempt, reason and time.
type State struct {
	Status  Status
	Reason  Reason
	Attempt int // from 1; 0 before the first
	At      time.Time
}

// Terminal says that nothing follows.
func (s State) Terminal() bool { return s.Status == Delivered || s.Status == Failed }

// Join folds another state of the same delivery into s and gives the one that counts.
// It is commutative, associative and idempotent: delivered outweighs failed, and failed the
// rest, whatever the attempt. Of two delivered or two failed the later attempt counts. So it
// does of the rest, and within an attempt sent outweighs errored, errored queued, and queued
// pending. Of two equal ones the earlier time counts.
func (s State) Join(t State) State {
	if s.compare(t) >= 0 {
		return s
	}
	return t
}

// compare is a total order of states; the greater one counts.
func (s State) compare(t State) int {
	first, second := cmp.Compare(s.Attempt, t.Attempt), cmp.Compare(s.weight(), t.weight())
	if s.Terminal() || t.Terminal() {
		first, second = second, first
	}
	return cmp.Or(first, second, t.At.Compare(s.At), cmp.Compare(t.Reason, s.Reason), cmp.Compare(s.Status, t.Status))
}

func (s State) weight() int {
	switch s.Status {
	case Delivered:
		return 5
	case Failed:
		return 4
	case Sent:
		return 3
	case Errored:
		return 2
	case Queued:
		return 1
	}
	return 0
}

// ParseStatus accepts the name of a status.
func ParseStatus(s string) (Status, error) {
	for _, known := range Statuses() {
		if Status(s) == known {
			return known, nil
		}
	}
	return "", fmt.Errorf("%w: a status is one of %v", ErrName, Statuses())
}
