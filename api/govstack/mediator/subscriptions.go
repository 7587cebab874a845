package mediator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/consumers"
	"github.com/govcrier/crier/rooms/registry"
)

// subscription is one of the caller's, as it stands: a consumer or a webhook.
type subscription struct {
	kind     rooms.Type
	consumer *rooms.Consumer
	hook     *registry.Webhook
}

type optionsForm struct {
	TTL  int  `json:"TTL"`
	FIFO bool `json:"FIFO"`
}

// subscriptionForm is a subscription on the wire. The secret, by which pushed events are signed, is shown once.
type subscriptionForm struct {
	ID         string      `json:"id"`
	Subscriber ID          `json:"subscriberId"`
	EventType  string      `json:"eventType"`
	Delivery   string      `json:"delivery"`
	Options    optionsForm `json:"options"`
	Secret     string      `json:"secret,omitzero"`
}

func (f *Facade) form(c *Call, s subscription) subscriptionForm {
	out := subscriptionForm{
		ID: subscriptionID(c.Room.Name, c.Client, s.kind), Subscriber: c.application(f.Options),
		EventType: string(s.kind), Delivery: Push,
	}
	if t, ok := c.Room.EventOf(s.kind); ok {
		out.EventType = t.Name
	}
	if s.hook != nil {
		out.Options.TTL = s.hook.TTL
		return out
	}
	out.Delivery, out.Options = Pull, optionsForm{int(s.consumer.Keep / time.Second), s.consumer.InOrder}
	return out
}

// about says of an answer whose subscription it is about.
func (s subscription) about(out Reply) Reply {
	if s.hook != nil {
		out.Subscriber = s.hook.ID
	} else if s.consumer != nil {
		out.Consumer = s.consumer.ID
	}
	return out
}

const consumerPrefix = "im-"

// consumerID names the caller's consumer of a type: im-newbirth, or a hash where that would be too long.
func consumerID(c *Call, t rooms.Type) rooms.ConsumerID {
	name := consumerPrefix + string(t)
	if _, err := rooms.ParseConsumerName(name); err != nil {
		sum := sha256.Sum256([]byte(t))
		name = consumerPrefix + hex.EncodeToString(sum[:14])
	}
	return rooms.ConsumerID{Room: c.Room.Name, Owner: rooms.OwnerOf(c.Client), Name: rooms.ConsumerName(name)}
}

// find looks for the caller's subscription to the event type of the path.
func (f *Facade) find(ctx context.Context, c *Call) (subscription, error) {
	name, err := rooms.ParseEventType(c.Type)
	if err != nil {
		return subscription{}, problem.Parameter("eventType", v1.FaultCodeInvalidName, err.Error())
	}
	s := subscription{kind: rooms.EventType{Name: name}.Type()}
	if t, ok := c.Room.EventOf(s.kind); ok && t.Name != name { // spelled otherwise
		return s, problem.Of(v1.ProblemCodeUnknownSubscription)
	}
	there, err := f.Consumers.Get(ctx, consumerID(c, s.kind))
	if err == nil {
		s.consumer = &there
		return s, nil
	}
	if !errors.Is(err, consumers.ErrUnknown) {
		return s, err
	}
	hooks, err := f.hooks(ctx, c)
	if i := slices.IndexFunc(hooks, func(h registry.Webhook) bool { return h.Only == s.kind }); err == nil && i >= 0 {
		s.hook = &hooks[i]
		return s, nil
	}
	if err == nil {
		err = problem.Of(v1.ProblemCodeUnknownSubscription)
	}
	return s, err
}

// page is how many webhooks or consumers are read at once.
const page = 500

// hooks are the caller's webhooks that are subscriptions.
func (f *Facade) hooks(ctx context.Context, c *Call) (own []registry.Webhook, err error) {
	for after := uint64(0); ; {
		found, next, err := f.Webhooks.List(ctx, c.Room.Name, after, page)
		if err != nil {
			return nil, err
		}
		for _, h := range found {
			if h.Owner == c.Client && h.Only != "" {
				own = append(own, h)
			}
		}
		if after = next; next == 0 {
			return own, nil
		}
	}
}

// pulled is the consumer that stands for the subscription of the path.
func (f *Facade) pulled(ctx context.Context, c *Call) (rooms.Consumer, error) {
	s, err := f.find(ctx, c)
	switch {
	case err != nil:
		return rooms.Consumer{}, err
	case s.consumer == nil:
		return rooms.Consumer{}, problem.Of(v1.ProblemCodeNotPulled)
	}
	return *s.consumer, nil
}

// ListSubscriptions gives the caller's own in the room.
func (f *Facade) ListSubscriptions(ctx context.Context, c *Call) (Reply, error) {
	var all []subscriptionForm
	owner := rooms.OwnerOf(c.Client)
	for after := ""; ; {
		found, next, err := f.Consumers.List(ctx, c.Room.Name, owner, after, page)
		if err != nil {
			return Reply{}, err
		}
		for i, one := range found {
			if one.Type != "" && one.ID == consumerID(c, one.Type) {
				all = append(all, f.form(c, subscription{kind: one.Type, consumer: &found[i]}))
			}
		}
		if after = next; next == "" {
			break
		}
	}
	hooks, err := f.hooks(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	for i := range hooks {
		all = append(all, f.form(c, subscription{kind: hooks[i].Only, hook: &hooks[i]}))
	}
	if len(all) == 0 {
		return Reply{}, problem.Of(v1.ProblemCodeUnknownSubscription)
	}
	slices.SortFunc(all, func(a, b subscriptionForm) int { return strings.Compare(a.EventType, b.EventType) })
	return reply(http.StatusOK, all)
}

// GetSubscription gives one.
func (f *Facade) GetSubscription(ctx context.Context, c *Call) (Reply, error) {
	s, err := f.find(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	out, err := reply(http.StatusOK, f.form(c, s))
	return s.about(out), err
}
