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

// MaxRounds is how often failed deliveries of a message may be tried anew.
const MaxRounds = 3

// Helpable says that a delivery which failed for this reason may succeed if it is tried anew.
func (r Reason) Helpable() bool {
	switch r {
	case Expired, Rejected, Bounced, Deferred, Throttled, TimedOut, Unreachable, Unknown, Unconfigured, Quiet:
		return true
	}
	return false
}

// Wrong says that something went wrong with a delivery that failed for this reason; with others somebody wanted it so.
func (r Reason) Wrong() bool {
	switch r {
	case Suppressed, Cancelled, Superseded, Capped:
		return false
	}
	return true
}

// State is a delivery's status with its attempt, reason and time.
type State struct {
	Status  Status
	Reason  Reason
	Attempt int // from 1; 0 before the first
	Round   int // how often it was tried anew, from 0 to MaxRounds
	At      time.Time
	RetryAt time.Time // when the next attempt is to be made; zero if none is
}

// Terminal says that nothing follows.
func (s State) Terminal() bool { return s.Status == Delivered || s.Status == Failed }

// Undecided says that nobody knows whether the delivery was sent, and that a person is to say what follows.
func (s State) Undecided() bool {
	return s.Status == Errored && s.Reason == Unknown && s.RetryAt.IsZero()
}

// Helpable says that the delivery may be tried anew: it has failed for a reason that can be helped, or nobody knows.
func (s State) Helpable() bool {
	return s.Round < MaxRounds && (s.Undecided() || s.Status == Failed && s.Reason.Helpable())
}

// Needless says that an attempt of a round has nothing left to do: it is known what became of it, or the delivery is sent or
// done with, or somebody has begun a later round.
func (s State) Needless(round, attempt int) bool {
	if s.Round != round && s.Status != Delivered {
		return s.Round > round
	}
	return s.Terminal() || s.Status == Sent || s.Attempt > attempt || s.Status == Errored && s.Attempt >= attempt
}

// Join folds another state of the same delivery into s and gives the one that counts.
// It is commutative, associative and idempotent: delivered outweighs all, then the later round
// counts. Within a round failed outweighs the rest, whatever the attempt. Of two delivered or two
// failed the later attempt counts. So it does of the rest, and within an attempt bounced outweighs sent, sent
// errored, errored queued, and queued pending. Of two equal ones that of the later next attempt
// counts, and then the earlier time.
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
	delivered := cmp.Compare(s.delivered(), t.delivered())
	return cmp.Or(delivered, cmp.Compare(s.Round, t.Round), first, second, s.RetryAt.Compare(t.RetryAt), t.At.Compare(s.At),
		cmp.Compare(t.Reason, s.Reason), cmp.Compare(s.Status, t.Status))
}

func (s State) delivered() int {
	if s.Status == Delivered {
		return 1
	}
	return 0
}

func (s State) weight() int {
	switch s.Status {
	case Delivered:
		return 6
	case Failed:
		return 5
	case Sent:
		return 3
	case Errored:
		if s.Reason == Bounced { // it was sent before
			return 4
		}
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
