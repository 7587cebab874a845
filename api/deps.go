package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/api/cap"
	"github.com/govcrier/crier/api/govstack/mediator"
	"github.com/govcrier/crier/api/oidc"
	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/audit"
	"github.com/govcrier/crier/rooms/consumers"
	"github.com/govcrier/crier/rooms/control"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/live"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/release"
)

// Verifier tells who sent a token. Its errors are of the kinds of package oidc.
type Verifier interface {
	Verify(ctx context.Context, token string) (oidc.Identity, error)
}

// Publisher makes a message durable, or finds that it was before. Its errors are those of package publish.
type Publisher interface {
	Publish(ctx context.Context, r publish.Request) (publish.Receipt, error)
}

// RoomReader reads rooms; Get is called for nearly every request. Unknown rooms are registry.ErrUnknownRoom.
type RoomReader interface {
	Get(ctx context.Context, name rooms.Room) (rooms.RoomConfig, error)
	List(ctx context.Context) ([]rooms.RoomConfig, error)
}

// RoomWriter changes rooms. Its errors are those of package registry.
type RoomWriter interface {
	Create(ctx context.Context, room rooms.RoomConfig) (rooms.RoomConfig, error)
	Put(ctx context.Context, room rooms.RoomConfig) (rooms.RoomConfig, error)
	Delete(ctx context.Context, name rooms.Room) error
}

// Rooms is the registry of rooms.
type Rooms interface {
	RoomReader
	RoomWriter
}

// Webhooks is the registry of webhooks. Its errors are those of package registry.
type Webhooks interface {
	Add(ctx context.Context, room rooms.Room, owner rooms.Client, at rooms.Address) (registry.Webhook, error)
	List(ctx context.Context, room rooms.Room, after uint64, limit int) (page []registry.Webhook, next uint64, err error)
	Get(ctx context.Context, room rooms.Room, id rooms.SubscriberID) (registry.Webhook, error)
	Rotate(ctx context.Context, room rooms.Room, id rooms.SubscriberID) (registry.Webhook, error)
	Remove(ctx context.Context, room rooms.Room, id rooms.SubscriberID) error
	mediator.Webhooks
}

// Callbacks keeps where clients are told how their messages stand. Its errors are those of package registry.
type Callbacks interface {
	Get(ctx context.Context, client rooms.Client) (registry.Callback, error)
	Check(at rooms.Address) error
	Set(ctx context.Context, client rooms.Client, at rooms.Address) (registry.Callback, error)
	Sign(ctx context.Context, client rooms.Client) error
	Secret(ctx context.Context, client rooms.Client) (rooms.Secret, error)
	Rotate(ctx context.Context, client rooms.Client) (registry.Callback, error)
	Remove(ctx context.Context, client rooms.Client) error
}

// ConsumerReader reads the durable consumers of applications. One that is not there is consumers.ErrUnknown; next is
// empty on the last page.
type ConsumerReader interface {
	Get(ctx context.Context, id rooms.ConsumerID) (rooms.Consumer, error)
	List(ctx context.Context, room rooms.Room, owner rooms.Owner, after string, limit int) (page []rooms.Consumer, next string, err error)
}

// ConsumerWriter makes and removes them. Its errors are those of package consumers.
type ConsumerWriter interface {
	Create(ctx context.Context, room rooms.RoomConfig, wanted rooms.ConsumerConfig) (c rooms.Consumer, created bool, err error)
	Reset(ctx context.Context, room rooms.RoomConfig, id rooms.ConsumerID, s rooms.Start) (rooms.Consumer, error)
	ConsumerRemover
}

// ConsumerRemover removes one consumer, or those of a room.
type ConsumerRemover interface {
	Delete(ctx context.Context, id rooms.ConsumerID) error
	DeleteAll(ctx context.Context, room rooms.Room) error
}

// Handouts hands out messages and hears what became of them; tokens that are not good are consumers.BadTokens.
type Handouts interface {
	Pull(ctx context.Context, from rooms.Consumer, max int, wait time.Duration) ([]consumers.Message, error)
	Settle(ctx context.Context, with rooms.Consumer, all []consumers.Settlement) error
}

// Consumers are the durable consumers of applications.
type Consumers interface {
	mediator.Consumers
	ConsumerReader
	ConsumerWriter
	Handouts
}

// Messages tells what became of messages. What it has not folded is index.ErrUnknown; next is -1, or empty, on the
// last page.
type Messages interface {
	Message(u rooms.UMID) (index.Summary, error)
	Messages(room rooms.Room, before string, limit int) (page []index.Summary, next string, err error)
	Held(room rooms.Room, before string, limit int) (page []index.Summary, next string, err error)
	Deliveries(u rooms.UMID, from, limit int) (page []index.Delivery, next int, err error)
	Steps(u rooms.UMID, numbers ...int) (map[int][]uint64, error)
	Dead(q index.DeadQuery, cursor string, limit int) (page []index.Dead, next string, err error)
}

// Desk is where it is decided what becomes of messages. Its errors are those of package control. Of knows out of memory what
// was decided; the zero value if nothing was.
type Desk interface {
	Of(u rooms.UMID) rooms.Control
	Pause(ctx context.Context, u rooms.UMID, by rooms.Client) (rooms.Control, error)
	Resume(ctx context.Context, u rooms.UMID, by rooms.Client) (rooms.Control, error)
	Cancel(ctx context.Context, u rooms.UMID, by rooms.Client, why rooms.Reason) (rooms.Control, error)
	mediator.Desk
	Failures
}

// Failures does something about deliveries that went wrong, of a message or of a room.
type Failures interface {
	Resend(ctx context.Context, u rooms.UMID, by rooms.Client, f rooms.FailedFilter) (control.Resent, error)
	DropFailed(ctx context.Context, u rooms.UMID, by rooms.Client, f rooms.FailedFilter) (control.Dropped, error)
	ResendAll(ctx context.Context, by rooms.Client, s control.Sweep) (control.Swept, error)
	DropAll(ctx context.Context, by rooms.Client, s control.Sweep) (control.Swept, error)
}

// Events reads what is on record by where it stands; the zero value of what is no longer there.
type Events interface {
	Events(ctx context.Context, sequences []uint64) ([]rooms.Event, error)
}

// Waiter returns when the index has folded the log to its end as of the call.
type Waiter interface {
	Wait(ctx context.Context) error
}

// Live lets listen to a room. Its errors are those of package live.
type Live interface {
	Listen(ctx context.Context, q live.Query) (*live.Listener, error)
}

// Audit keeps the record of calls: Record returns when the entry is durable, Note writes it soon.
type Audit interface {
	Record(ctx context.Context, entries ...audit.Entry) error
	Note(e audit.Entry)
}

// Blocked knows the clients that are kept out.
type Blocked interface {
	Has(c rooms.Client) bool
	List() []rooms.Blocked
	BlockWriter
}

// BlockWriter keeps clients out, or lets them in again.
type BlockWriter interface {
	Block(ctx context.Context, b rooms.Blocked) error
	Unblock(ctx context.Context, c rooms.Client) error
}

// PolicyReader reads the revisions of policies; of a policy that is not there it says registry.ErrUnknownPolicy.
type PolicyReader interface {
	Current(ctx context.Context, name string) (rooms.Policy, error)
	Get(ctx context.Context, r rooms.Revision) (rooms.PolicyRevision, error)
	List(ctx context.Context, name string) ([]rooms.PolicyRevision, error)
}

// PolicyWriter changes them. Its errors are those of package registry, and of rooms.PolicyRevision.
type PolicyWriter interface {
	Draft(ctx context.Context, rules rooms.Policy, by rooms.Client) (rooms.PolicyRevision, error)
	Next(ctx context.Context, rules rooms.Policy, by rooms.Client) (rooms.PolicyRevision, error)
	Rewrite(ctx context.Context, rules rooms.Policy, entry uint64, by rooms.Client) (rooms.PolicyRevision, error)
	Take(ctx context.Context, r rooms.Revision, entry uint64, step rooms.PolicyStep, by rooms.Client) (rooms.PolicyRevision, error)
	PolicyHands
}

// PolicyHands ends drafts, and hands policies over.
type PolicyHands interface {
	Delete(ctx context.Context, r rooms.Revision, entry uint64, by rooms.Client) error
	HandOver(ctx context.Context, name string, to rooms.Client) ([]rooms.PolicyRevision, error)
}

// Policies are the policies of delivery, with all their revisions.
type Policies interface {
	PolicyReader
	PolicyWriter
}

// Senders knows in whose name clients send. Its errors are those of package registry, and rooms.ErrSender.
type Senders interface {
	Resolve(ctx context.Context, c rooms.Client, named rooms.Sender, needed bool) (rooms.Sender, error)
	Known(c rooms.Client) rooms.Registration
	Get(ctx context.Context, c rooms.Client) (rooms.Registration, error)
	List(ctx context.Context) ([]rooms.Registration, error)
	SenderWriter
}

// SenderWriter registers clients.
type SenderWriter interface {
	Put(ctx context.Context, r rooms.Registration) (rooms.Registration, error)
	Remove(ctx context.Context, c rooms.Client) error
}

// Quotas tells how much of the quotas of a client is used: that over all rooms if room is empty, else those of a room.
type Quotas interface {
	Used(ctx context.Context, c rooms.Client, room rooms.Room, rules rooms.PolicyRules) ([]rooms.QuotaUse, error)
}

// Releases lets messages go that await a second person, or has them end. Its errors are those of package release.
type Releases interface {
	Agree(ctx context.Context, u rooms.UMID, by rooms.Client) error
	Reject(ctx context.Context, u rooms.UMID, by rooms.Client) error
	Content(ctx context.Context, u rooms.UMID) (content []byte, recipients int, err error) // what they say, before
}

// Connections lists the NATS clients that are connected, to whatever node.
type Connections interface {
	Connections(ctx context.Context) ([]broker.Connection, error)
}

// Providing is what stands behind the channels of this node. One that is not there is channels.ErrUnknownProvider.
type Providing interface {
	Providers() []channels.ProviderStatus
	Provider(c rooms.Channel, name string) (channels.ProviderStatus, error)
	Try(ctx context.Context, name string, d rooms.Delivery) (channels.Outcome, time.Duration, error)
}

// Uses decides how providers are used. If entry is not nil and not the latest, the error is registry.ErrRevision.
type Uses interface {
	Change(ctx context.Context, c rooms.Channel, name string, to rooms.ProviderChange, entry *uint64) (rooms.ProviderUse, error)
}

// Part is a part of the node that has to be ready before the node is. The error is for the log alone.
type Part struct {
	Name  string
	Ready func(ctx context.Context) error
}

// Deps are what the API stands on; all are needed but Providers, Inlets, PushKey, Waits, Alerts, Drill, Parts and Now.
type Deps struct {
	Verifier     Verifier
	Publisher    Publisher
	Transactions Transactions
	Rooms        Rooms
	Subscribers  Subscribers
	Invitations  Invitations
	Links        Links

	Replies      Replies
	Suppressions Suppressions
	Silences     Silences
	Persons      Persons

	Webhooks    Webhooks
	Callbacks   Callbacks
	Consumers   Consumers
	Messages    Messages
	AlertLog    AlertLog
	Desk        Desk
	Events      Events
	Waiter      Waiter
	Live        Live
	Audit       Audit
	Blocked     Blocked
	Policies    Policies
	Providers   rooms.Providers         // those that policies may name; nil: any
	Inlets      map[string]http.Handler // of providers, by name: what they report, at a path that ends in what it is
	PushKey     string                  // with which browsers subscribe; empty: they cannot
	Senders     Senders
	APIKeys     Keys
	Quotas      Quotas
	Connections Connections
	Releases    Releases
	Waits       release.Options // of messages
	Alerts      cap.Options
	Drill       string // the word that tells drills
	Providing   Providing
	Uses        Uses
	Parts       []Part
	Metrics     *metrics.Set
	Log         *slog.Logger
	Now         func() time.Time // nil means time.Now
}
