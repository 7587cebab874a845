package control

import (
	"context"
	"errors"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// The refusals.
var (
	// ErrFinished: nothing of the message is left to be paused or cancelled.
	ErrFinished = errors.New("control: the message is finished")
	// ErrCancelled: a message that was cancelled never goes on.
	ErrCancelled = errors.New("control: the message was cancelled")
	// ErrGone: the content is no longer kept.
	ErrGone = errors.New("control: the content is no longer kept")
	// ErrRounds: what failed was tried anew as often as may be.
	ErrRounds = errors.New("control: tried anew as often as may be")
	// ErrUnknown: the index does not know the message.
	ErrUnknown = errors.New("control: unknown message")
)

// Standing is how a message stands.
type Standing struct {
	rooms.Header
	Finished bool
	Erased   bool          // the body is no longer kept
	Failed   int           // deliveries that were given up
	Errored  int           // that wait for their next attempt
	Queued   int           // that have a job; some of them are postponed
	Wrong    int           // of the failed: those that nobody wanted to fail, and nobody has dropped
	Helpable int           // of the failed and the undecided: those that can be tried anew
	Control  rooms.Control // the latest decision that is on record
}

// Delivery is how one of its deliveries stands.
type Delivery struct {
	N       int
	Channel rooms.Channel
	rooms.State
	Dropped bool
	Entry   uint64 // the event that says that it failed, or is undecided; 0 if that is not known
}

// Index tells how messages stand. Wait returns when it knows every event that was recorded before the call; an unknown
// message is ErrUnknown.
type Index interface {
	Standing(u rooms.UMID) (Standing, error)
	Deliveries(u rooms.UMID, from, limit int) (page []Delivery, next int, err error)
	State(id rooms.DeliveryID) (rooms.State, error)
	Wait(ctx context.Context) error
	// Dead lists up to limit messages that have deliveries which went wrong and were not dropped, the newest first, from one on.
	// next is where to go on, empty at the end; fewer than limit with a next say that enough was looked at for one call.
	Dead(s Sweep, from rooms.UMID, limit int) (list []rooms.Header, next rooms.UMID, err error)
}

// Controls keep what was decided. Of knows it out of memory, Read as of the call; Put says stream.ErrRevision if the entry
// of what it is given is not the latest.
type Controls interface {
	Of(u rooms.UMID) rooms.Control
	All() []rooms.Control
	Read(ctx context.Context, u rooms.UMID) (rooms.Control, error)
	Put(ctx context.Context, c rooms.Control) (rooms.Control, error)
	Drop(ctx context.Context, c rooms.Control) error
}

// Recorder records events, each once by its ID.
type Recorder interface {
	Record(ctx context.Context, events ...rooms.Event) error
}

// Parked are the jobs that wait while their messages are paused.
type Parked interface {
	Suspended(ctx context.Context) (map[rooms.UMID]uint64, error)
	SuspendedJobs(ctx context.Context, u rooms.UMID, from uint64, limit int) (jobs []rooms.Job, upTo uint64, err error)
	Unsuspend(ctx context.Context, u rooms.UMID) (n int, err error)
	DropSuspended(ctx context.Context, u rooms.UMID, upTo uint64) error
}

// Retries are the attempts that wait for their time.
type Retries interface {
	Retries(ctx context.Context, wanted []stream.Retry) ([]stream.Retry, error)
	DropRetry(ctx context.Context, r stream.Retry) error
}

// Source is where messages, and people, are found again.
type Source interface {
	Message(ctx context.Context, sequence uint64) (rooms.Message, error)
	// Events are those of the given entries, in order; what is not there is the zero event.
	Events(ctx context.Context, entries []uint64) ([]rooms.Event, error)
	ScanEvents(ctx context.Context, room rooms.Room, kind rooms.Kind, since time.Time, fn func(rooms.Event)) error
	FindSubscribers(ctx context.Context, room rooms.Room, ids []rooms.SubscriberID) ([]rooms.Subscriber, error)
	FindWebhooks(ctx context.Context, room rooms.Room, ids []rooms.SubscriberID) ([]rooms.Subscriber, error)
	Requeue(ctx context.Context, jobs []rooms.Job) error
}

// Log is all of it.
type Log interface {
	Recorder
	Parked
	Retries
	Source
}

// Policies give the rules that a message was published under.
type Policies interface {
	Policy(ctx context.Context, r rooms.Revision) (rooms.Policy, error)
}

// Vault seals the contacts of named recipients, and opens the envelopes that they stand in.
type Vault interface {
	Seal(plaintext []byte, associated ...string) ([]byte, error)
	Unseal(sealed []byte, associated ...string) ([]byte, error)
}
