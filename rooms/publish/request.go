// Package publish accepts messages: it gives each a UMID, finds repeats, and appends the
// message to its room's log. A receipt is given only for what is durable.
//
// A repeat is recognised under every hash key that is enabled, whichever was primary before. The
// log itself knows a transaction by its hash under the primary key alone. Therefore, while there
// are several keys, the memory is asked once it knows all of the log, and one call with a
// transaction id waits for another on the same node. Not covered are two calls with one
// transaction id that are under way at the same moment on two nodes, of which one has promoted a
// key and the other has not yet: both can be accepted.
package publish

import (
	"context"
	"errors"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Request is a message to be accepted, checked and authorised by the caller.
type Request struct {
	Client        rooms.Client
	Own           bool // the gateway's own message, which neither the rules for publishers nor their quotas bind
	Room          rooms.Room
	Raw           []byte // the request as received, for the MHASH
	TransactionID string // the client's own, unique over all rooms; empty: the call is a message of its own, of which it is the UMID
	Reference     string // the client's own words about the case, may be empty
	Type          rooms.Type
	Lane          rooms.Lane
	Content       []byte          // JSON as received
	Direct        bool            // to Recipients, not to the room's subscribers
	Recipients    []rooms.Contact // Direct only
	Audience      rooms.Audience  // of the room's subscribers those that it is for; nil: all
	ExpiresAt     time.Time       // zero: as the policy says
	From          rooms.Sender    // whom it is from
	Callback      rooms.Address   // where the client is told how the message stands; zero: where it always is
	SendAt        time.Time       // not before; zero, or in the past: at once
	Repeat        rooms.Repeat    // SendAt is the first of its times
	Alert         rooms.Alert     // what becomes of References
	References    rooms.UMID
	Exercise      bool
	Event         bool // the content is an event, for applications alone
	// Earlier is asked whether References may be spoken of, unless the request is a repeat; its error is the answer.
	Earlier func(ctx context.Context) error

	umid rooms.UMID // of the message; empty: a new one
}

// Receipt says that a message is durable.
type Receipt struct {
	UMID       rooms.UMID
	Room       rooms.Room      // of the first publish, if Duplicate
	ReceivedAt time.Time       // of the first publish, if Duplicate
	Duplicate  bool            // the same request had been accepted before
	Allowance  rooms.Allowance // what is left of the publisher's quotas
	SendAt     time.Time       // when it goes; zero: at once
	Awaits     bool            // it goes when a second person agrees
}

// The refusals.
var (
	// ErrConflict: the transaction id was used for another request.
	ErrConflict = errors.New("transaction id used for another request")
	// ErrFull: the queue has reached its limit; later it may have room again.
	ErrFull = errors.New("queue full")
	// ErrTooLarge: content and recipients together are more than an entry of the log holds.
	ErrTooLarge = errors.New("message too large")
	// ErrUnavailable: the log did not confirm in time. Whether the message is in it is not
	// known; the same request may be repeated with the same transaction id.
	ErrUnavailable = errors.New("log unavailable")
)
