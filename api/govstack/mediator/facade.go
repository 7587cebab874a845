package mediator

import (
	"context"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/consumers"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/registry"
)

// Rooms keeps the event types of rooms.
type Rooms interface {
	Put(ctx context.Context, room rooms.RoomConfig) (rooms.RoomConfig, error)
}

// Publisher makes an event durable.
type Publisher interface {
	Publish(ctx context.Context, r publish.Request) (publish.Receipt, error)
}

// Consumers keeps the subscriptions that are pulled. One that is not there is consumers.ErrUnknown.
type Consumers interface {
	Create(ctx context.Context, room rooms.RoomConfig, wanted rooms.ConsumerConfig) (c rooms.Consumer, created bool, err error)
	Get(ctx context.Context, id rooms.ConsumerID) (rooms.Consumer, error)
	List(ctx context.Context, room rooms.Room, owner rooms.Owner, after string, limit int) (page []rooms.Consumer, next string, err error)
	Pace(ctx context.Context, id rooms.ConsumerID, inOrder bool, keep time.Duration) (rooms.Consumer, error)
	Delete(ctx context.Context, id rooms.ConsumerID) error
	Handouts
}

// Handouts gives events to those who pull, and hears what became of them.
type Handouts interface {
	Pull(ctx context.Context, from rooms.Consumer, max int, wait time.Duration) ([]consumers.Message, error)
	Settle(ctx context.Context, with rooms.Consumer, all []consumers.Settlement) error
	Acknowledge(ctx context.Context, there rooms.Consumer, sequence uint64) error
}

// Webhooks keeps the subscriptions that are pushed.
type Webhooks interface {
	Subscribe(ctx context.Context, room rooms.Room, owner rooms.Client, at rooms.Address, only rooms.Type, ttl int) (registry.Webhook, error)
	List(ctx context.Context, room rooms.Room, after uint64, limit int) (page []registry.Webhook, next uint64, err error)
	Pace(ctx context.Context, room rooms.Room, id rooms.SubscriberID, ttl int) (registry.Webhook, error)
	Remove(ctx context.Context, room rooms.Room, id rooms.SubscriberID) error
}

// Callbacks knows where a client is called.
type Callbacks interface {
	Get(ctx context.Context, client rooms.Client) (registry.Callback, error)
}

// Desk decides what becomes of events. Of knows out of memory what was decided.
type Desk interface {
	Of(u rooms.UMID) rooms.Control
	Withdraw(ctx context.Context, u rooms.UMID, by rooms.Client) (rooms.Control, error)
}

// Messages knows how events stand, as far as that is on record.
type Messages interface {
	Message(u rooms.UMID) (index.Summary, error)
}

// Facade translates. Its errors are those of what it asks, and problems.
type Facade struct {
	Options   Options
	Rooms     Rooms
	Publisher Publisher
	Consumers Consumers
	Webhooks  Webhooks
	Callbacks Callbacks
	Desk      Desk
	Messages  Messages
	Now       func() time.Time

	parse  sync.Once
	parsed node // the document; nobody changes it
	fault  error
}

// Reply is what is answered, and what it was about.
type Reply struct {
	Status int
	Kind   string // content type
	Body   []byte

	UMID       rooms.UMID         // of the event
	Published  bool               // it was made durable by this call
	Allowance  rooms.Allowance    // what is left of the publisher's quotas
	Subscriber rooms.SubscriberID // of the webhook
	Consumer   rooms.ConsumerID
	Lost       func(ctx context.Context) error // called if the caller did not get it; may be nil
}

// jsonType is what every answer in JSON is of, to the letter.
const jsonType = "application/json; charset=utf-8"

func reply(status int, value any) (Reply, error) {
	body, err := json.Marshal(value, json.Deterministic(true))
	if err != nil {
		return Reply{}, problem.Because(v1.ProblemCodeInternal, err)
	}
	return Reply{Status: status, Kind: jsonType, Body: body}, nil
}

// Refused gives an error of crier's own calls the code that the interface has for it.
func Refused(p *problem.Error) *problem.Error {
	same := *p
	switch p.Code {
	case v1.ProblemCodeContentInvalid, v1.ProblemCodeContentTooLong:
		same.Code = v1.ProblemCodeInvalidRequest
	case v1.ProblemCodeUnknownConsumer, v1.ProblemCodeUnknownWebhook:
		same.Code = v1.ProblemCodeUnknownSubscription
	case v1.ProblemCodeConsumerExists, v1.ProblemCodeWebhookExists:
		same.Code = v1.ProblemCodeSubscriptionExists
	case v1.ProblemCodeRevisionMismatch: // somebody has changed the room meanwhile
		same.Code = v1.ProblemCodeUnavailable
	}
	return &same
}
