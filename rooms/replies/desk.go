package replies

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/crash"
)

// ErrNobody says that a contact is no subscriber of a room.
var ErrNobody = errors.New("replies: no subscriber")

// Store keeps what people have written.
type Store interface {
	AddReply(ctx context.Context, r rooms.Reply) (sequence uint64, known bool, err error)
}

// Vault seals.
type Vault interface {
	Seal(plaintext []byte, associated ...string) ([]byte, error)
	Unseal(sealed []byte, associated ...string) ([]byte, error)
}

// Rooms lists the rooms.
type Rooms interface {
	List(ctx context.Context) ([]rooms.RoomConfig, error)
}

// Messages know what was sent. What was recorded before a call is known, or the call fails.
type Messages interface {
	// Message tells of one; ok is false if nothing is known of it.
	Message(ctx context.Context, u rooms.UMID) (m rooms.Header, ok bool, err error)
	// Latest gives the latest messages to a contact in some rooms, the latest first.
	Latest(ctx context.Context, in []rooms.Room, e rooms.Endpoint) ([]Sent, error)
	// Recipient gives the ids that the recipient of a delivery may have as a subscriber of its room; none if nobody knows.
	Recipient(ctx context.Context, id rooms.DeliveryID) ([]rooms.SubscriberID, error)
	Policy(ctx context.Context, r rooms.Revision) (rooms.Policy, error)
}

// Sent is a message to a contact.
type Sent struct {
	rooms.DeliveryID
	At    time.Time
	Owner rooms.SubscriberID // whose contact it is, if he subscribes by another
}

// People are let go, and asked in. To do it again changes nothing.
type People interface {
	// Leave ends the subscription of a contact, if it is one, and of the owners, or says ErrNobody.
	Leave(ctx context.Context, room rooms.Room, e rooms.Endpoint, owners ...rooms.SubscriberID) error
	// Reached is where a subscriber with one of the ids is reached on a channel, zero if not there; or ErrNobody.
	Reached(ctx context.Context, room rooms.Room, c rooms.Channel, ids []rooms.SubscriberID) (rooms.Endpoint, error)
	// Stop keeps a room from naming the contact; cause is by what it is known again.
	Stop(ctx context.Context, room rooms.Room, e rooms.Endpoint, cause string) error
	Complained(ctx context.Context, e rooms.Endpoint, cause string) error
	// Ask has the contact asked whether he wants to come in.
	Ask(ctx context.Context, room rooms.RoomConfig, e rooms.Endpoint) error
	// Confirm takes a code with which he says that he does, and says which of the rooms it is of, or ErrNobody if it is not his.
	Confirm(ctx context.Context, among []rooms.Room, e rooms.Endpoint, code string) (rooms.Room, error)
	// Wrote says that somebody is there, whatever was known before, since the platform itself says that he has written.
	Wrote(ctx context.Context, e rooms.Endpoint) error
}

// Courier answers people: of what is said to a contact in a room in the same hour the first goes.
type Courier interface {
	Answer(ctx context.Context, a Answer) error
}

// Answer is what crier says by itself.
type Answer struct {
	Room rooms.RoomConfig
	To   rooms.Endpoint
	Text func(language string) string
	At   time.Time
}

// Publishers are told that there is a reply to their message, if they want to.
type Publishers interface {
	Replied(ctx context.Context, r rooms.Reply) error
}

// Desk takes what people write.
type Desk struct {
	Options    Options
	Store      Store
	Vault      Vault
	Rooms      Rooms
	Messages   Messages
	People     People
	Courier    Courier
	Publishers Publishers
	// Noted hears what was done that somebody may ask for later; nil: nobody.
	Noted   func(what string, room rooms.Room, u rooms.UMID)
	Metrics *metrics.Set
	Log     *slog.Logger
	Now     func() time.Time

	walks walks
}

// Take does what somebody who has written asks for, or keeps it. It is done, and durable, when it returns without an error;
// else it has to be offered again.
func (d *Desk) Take(ctx context.Context, in rooms.Inbound) error {
	if in.Kind == rooms.InboundAutomatic {
		d.count(in, "automatic")
		return nil
	}
	var p place
	var err error
	if in.Kind != rooms.InboundComplaint || in.Signed { // else anybody can have written it of anybody
		p, err = d.place(ctx, in)
	}
	if err != nil {
		return fmt.Errorf("replies: find what is answered: %w", err)
	}
	if err := d.wrote(ctx, in); err != nil {
		return fmt.Errorf("replies: note who has written: %w", err)
	}
	what := p.kind(d.Options.words(), in)
	done, err := d.act(ctx, in, p, what)
	if err == nil && !done {
		err = d.keep(ctx, in, p, what)
	}
	if err != nil {
		return fmt.Errorf("replies: %w", err)
	}
	return nil
}

// act does what is asked for. It says whether that is all.
func (d *Desk) act(ctx context.Context, in rooms.Inbound, p place, what rooms.InboundKind) (done bool, err error) {
	if done, err = d.confirm(ctx, in, p); done || err != nil {
		return done, err
	}
	switch what {
	case rooms.InboundStop:
		done, err = d.stop(ctx, in, p)
	case rooms.InboundComplaint:
		done, err = d.complained(ctx, in, p)
	case rooms.InboundHelp:
		done, err = d.help(ctx, in, p)
	case start:
		done, err = d.start(ctx, in, p)
	}
	if done && err == nil {
		d.count(in, string(what))
	}
	return done, err
}

// keep stores it for the publisher, or for whoever looks after what belongs to nobody.
func (d *Desk) keep(ctx context.Context, in rooms.Inbound, p place, what rooms.InboundKind) error {
	if what == start {
		what = rooms.InboundReply
	}
	r := rooms.Reply{
		ID: in.ID, Kind: what, Room: p.room.Name, Channel: in.Channel, Provider: in.Provider, At: in.At, HeardAt: d.Now().UTC(),
		UMID: p.message.UMID, N: p.n, Publisher: p.message.Publisher,
	}
	letter := rooms.Letter{From: in.From, To: in.To, Subject: in.Subject, Text: in.Text}
	r, err := put(ctx, d.Store, d.Vault, r, letter)
	if err != nil {
		return err
	}
	crash.Point("after-reply")
	if r.Room == "" {
		d.count(in, "unmatched")
		return nil
	}
	d.count(in, "kept")
	if r.Matched() {
		if err := d.Publishers.Replied(ctx, r); err != nil {
			return fmt.Errorf("tell of a reply: %w", err)
		}
	}
	if text := p.room.Inbox.Confirm; text != "" {
		return d.answer(ctx, in, p, func(string) string { return text })
	}
	return nil
}

// put seals a letter and stores it.
func put(ctx context.Context, s Store, v Vault, r rooms.Reply, l rooms.Letter) (_ rooms.Reply, err error) {
	if r.Sealed, err = v.Seal(l.Encode(), r.Bound()...); err != nil {
		return r, fmt.Errorf("seal a reply: %w", err)
	}
	if r.Sequence, _, err = s.AddReply(ctx, r); err != nil {
		return r, fmt.Errorf("store a reply: %w", err)
	}
	return r, nil
}

func (d *Desk) count(in rooms.Inbound, what string) {
	d.Metrics.GetOrCreateCounter(fmt.Sprintf(`crier_inbound_total{channel=%q,result=%q}`, in.Channel, what)).Inc()
	d.Log.Debug("inbound", "channel", in.Channel, "provider", in.Provider, "result", what)
}
