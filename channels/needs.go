package channels

import (
	"context"
	"time"

	"github.com/govcrier/crier/rooms"
)

// History knows what EVENTS say of a delivery.
type History interface {
	// Settled waits until every event recorded before the call is known, then says whether
	// the attempt is Needless: an event of the same or a later attempt is there, or one of
	// any attempt that says sent, delivered or failed, in the same or a later round. An error
	// means that nobody knows.
	Settled(ctx context.Context, id rooms.DeliveryID, round, attempt int) (bool, error)
	// State waits likewise, then gives the state of a delivery.
	State(ctx context.Context, id rooms.DeliveryID) (rooms.State, error)
}

// Needless is the rule that History answers by: whether, in this state of a delivery, an
// attempt has nothing left to do. An attempt that waits for its time is not needless because
// the one before it errored; one that was overtaken is.
func Needless(s rooms.State, round, attempt int) bool { return s.Needless(round, attempt) }

// NeedlessMoved is the same for a delivery that was moved to the person's second channel: that the first has sent it,
// and even that it has failed there, is why it was moved.
func NeedlessMoved(s rooms.State, j rooms.Job) bool {
	switch {
	case s.Round != j.Round && s.Status != rooms.Delivered:
		return s.Round > j.Round
	case s.Status == rooms.Delivered, s.Attempt > j.Attempt:
		return true
	case s.Status == rooms.Sent && s.Attempt >= j.Moved: // an attempt here was confirmed late
		return true
	case s.Status == rooms.Failed:
		return s.Attempt >= j.Moved || !closed(s.Reason)
	}
	return s.Attempt == j.Attempt && s.Status != rooms.Queued && s.Status != rooms.Pending
}

// Members knows who is subscribed now.
type Members interface {
	// Subscribed says whether a person is in a room, or a webhook, who had the id when his message
	// was planned, and as what: the secrets of a webhook may have changed since.
	Subscribed(ctx context.Context, room rooms.Room, id rooms.SubscriberID, c rooms.Contact) (now rooms.Contact, here bool, err error)
}

// Controls knows what was decided about messages, out of memory; the zero value if nothing was.
type Controls interface {
	Of(u rooms.UMID) rooms.Control
}

// Failures hears of each delivery that went wrong for good.
type Failures interface {
	Failed(u rooms.UMID)
}

// untouched is what is decided where nobody decides anything, and nobody counts.
type untouched struct{}

func (untouched) Of(rooms.UMID) rooms.Control { return rooms.Control{} }
func (untouched) Failed(rooms.UMID)           {}

// Policies gives the rules that a message was published under.
type Policies interface {
	Policy(ctx context.Context, r rooms.Revision) (rooms.Policy, error)
}

// Unsealer opens personal data sealed to the associated parts.
type Unsealer interface {
	Unseal(sealed []byte, associated ...string) ([]byte, error)
}

// Leases have one node at a time do a piece of work, until its ctx ends; another node does it
// within seconds if that one is gone. Epochs count up, whoever does it; held says whether it is
// certain at this moment that nobody else does.
type Leases interface {
	Hold(ctx context.Context, name string, work func(ctx context.Context, epoch uint64, held func() bool) error) error
}

// alone is the lease of the only node.
type alone struct{}

func (alone) Hold(ctx context.Context, _ string, work func(context.Context, uint64, func() bool) error) error {
	return work(ctx, 0, func() bool { return true })
}

// journal is where the bridge writes what happened and what is to happen; both are durable
// when they return, and doing either again changes nothing.
type journal interface {
	Record(ctx context.Context, events ...rooms.Event) error
	Park(ctx context.Context, j rooms.Job, due time.Time) error
	Hasten(ctx context.Context, id rooms.DeliveryID, round, attempt int, other rooms.Channel, now time.Time) (bool, error)
}

// claims are the attempts that have begun. Claim makes durable that one does, or says stream.ErrExists: somebody has begun
// it before. Claimed says whether somebody has, for certain. Unclaim takes that back, since nothing was sent.
type claims interface {
	Claimed(ctx context.Context, a rooms.AttemptID) (bool, error)
	Claim(ctx context.Context, a rooms.AttemptID, deadline time.Time) (claim uint64, err error)
	Unclaim(ctx context.Context, claim uint64) error
}

// shelf is where jobs lie that nobody has pulled.
type shelf interface {
	ScanJobs(ctx context.Context, lane rooms.Lane, from uint64, limit int,
		fn func(seq uint64, j rooms.Job) error) (next uint64, err error)
	DropJob(ctx context.Context, lane rooms.Lane, seq uint64) error
}

// pulled is a job in hand, which can be put down in three ways; the fourth is to forget it,
// whereupon it comes back after ackWait. Suspend stores it until its message goes on, before it is done.
type pulled interface {
	Suspend(ctx context.Context) error
	Done(ctx context.Context) error
	Later(wait time.Duration) error
	Working() error
}

// work is a pulled job with what has to be known of it.
type work struct {
	rooms.Job
	pulled
	mayRepeat bool
	since     time.Time // not before this was it handed out
	claim     uint64    // by which the attempt is ours; 0: it is not claimed, or may be sent
}
