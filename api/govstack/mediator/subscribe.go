package mediator

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// Subscribe begins a subscription: it gets what is published from now on.
func (f *Facade) Subscribe(ctx context.Context, c *Call) (Reply, error) {
	w, err := ParseSubscription(c.Body, c.Type)
	if err != nil {
		return Reply{}, err
	}
	t, err := c.eventType()
	if isCode(err, v1.ProblemCodeUnknownEventType) {
		return Reply{}, fault("/eventType", v1.FaultCodeInvalidValue, "the room does not have this event type")
	}
	if err != nil {
		return Reply{}, err
	}
	switch _, err := f.find(ctx, c); {
	case err == nil:
		return Reply{}, problem.Of(v1.ProblemCodeSubscriptionExists)
	case !isCode(err, v1.ProblemCodeUnknownSubscription):
		return Reply{}, err
	}
	s := subscription{kind: t.Type()}
	if w.TTL == 0 {
		w.TTL = defaultTTL
	}
	if w.Delivery == Pull {
		err = f.subscribePull(ctx, c, &s, w)
	} else {
		err = f.subscribePush(ctx, c, &s, w)
	}
	if err != nil {
		return Reply{}, err
	}
	form := f.form(c, s)
	if s.hook != nil && len(s.hook.To.Signing) > 0 {
		form.Secret = s.hook.To.Signing[0].Secret.Reveal()
	}
	out, err := reply(http.StatusOK, form)
	return s.about(out), err
}

// ackWait is after which an event that is not acknowledged is handed out again.
const ackWait = 30 * time.Second

func (f *Facade) subscribePull(ctx context.Context, c *Call, s *subscription, w Wanted) error {
	made, created, err := f.Consumers.Create(ctx, c.Room, rooms.ConsumerConfig{
		ID: consumerID(c, s.kind), Client: c.Client, Type: s.kind, Start: rooms.Start{New: true}, AckWait: ackWait,
		InOrder: w.FIFO != nil && *w.FIFO, Keep: time.Duration(w.TTL) * time.Second,
	})
	if err == nil && !created {
		err = problem.Of(v1.ProblemCodeSubscriptionExists)
	}
	s.consumer = &made
	return err
}

func (f *Facade) subscribePush(ctx context.Context, c *Call, s *subscription, w Wanted) error {
	if err := noFIFO(w); err != nil {
		return err
	}
	at, err := f.address(ctx, c)
	if err != nil {
		return err
	}
	made, err := f.Webhooks.Subscribe(ctx, c.Room.Name, c.Client, at, s.kind, w.TTL)
	if errors.Is(err, rooms.ErrAddress) {
		return fault("/delivery", v1.FaultCodeInvalidAddress, "the client's address may not be called")
	}
	s.hook = &made
	return err
}

func noFIFO(w Wanted) error {
	if w.FIFO != nil && *w.FIFO {
		return fault("/options/FIFO", v1.FaultCodeInvalidValue, "an event whose push is repeated comes later than its successors: use PULL")
	}
	return nil
}

// address is where an event type is pushed to a client: below what the operator has set for the application, or below the
// client's callback.
func (f *Facade) address(ctx context.Context, c *Call) (rooms.Address, error) {
	base := f.Options.Clients[c.application(f.Options).String()].Push
	if base == "" {
		callback, err := f.Callbacks.Get(ctx, c.Client)
		if errors.Is(err, registry.ErrUnknownCallback) {
			return rooms.Address{}, fault("/delivery", v1.FaultCodeInvalidValue, "no address is known to push to: set one with PUT /v1/callback, or ask the operator")
		}
		if err != nil {
			return rooms.Address{}, err
		}
		base = callback.To.Address.Reveal()
	}
	path, query, _ := strings.Cut(base, "?")
	path = strings.TrimSuffix(path, "/") + "/" + c.Type
	if query != "" {
		path += "?" + query
	}
	at, err := rooms.ParseURL(path)
	if err != nil {
		return at, fault("/delivery", v1.FaultCodeInvalidAddress, "the client's address is too long for this event type")
	}
	return at, nil
}

// ChangeSubscription changes TTL and FIFO. What has been handed out stays so.
func (f *Facade) ChangeSubscription(ctx context.Context, c *Call) (Reply, error) {
	w, err := ParseSubscription(c.Body, c.Type)
	if err != nil {
		return Reply{}, err
	}
	s, err := f.find(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	now := f.form(c, s)
	if w.Delivery != "" && w.Delivery != now.Delivery {
		return Reply{}, fault("/delivery", v1.FaultCodeInvalidValue, "to change the delivery, cancel the subscription and subscribe again")
	}
	if w.TTL == 0 {
		w.TTL = now.Options.TTL
	}
	if w.FIFO == nil {
		w.FIFO = &now.Options.FIFO
	}
	if err := f.pace(ctx, c, &s, w); err != nil {
		return Reply{}, err
	}
	out, err := reply(http.StatusCreated, f.form(c, s))
	return s.about(out), err
}

func (f *Facade) pace(ctx context.Context, c *Call, s *subscription, w Wanted) error {
	if s.consumer != nil {
		now, err := f.Consumers.Pace(ctx, s.consumer.ID, *w.FIFO, time.Duration(w.TTL)*time.Second)
		s.consumer = &now
		return err
	}
	if err := noFIFO(w); err != nil {
		return err
	}
	now, err := f.Webhooks.Pace(ctx, c.Room.Name, s.hook.ID, w.TTL)
	s.hook = &now
	return err
}

// Unsubscribe ends a subscription.
func (f *Facade) Unsubscribe(ctx context.Context, c *Call) (Reply, error) {
	s, err := f.find(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	if s.consumer != nil {
		err = f.Consumers.Delete(ctx, s.consumer.ID)
	} else {
		err = f.Webhooks.Remove(ctx, c.Room.Name, s.hook.ID)
	}
	return s.about(Reply{Status: http.StatusNoContent}), err
}

func isCode(err error, code v1.ProblemCode) bool {
	var p *problem.Error
	return errors.As(err, &p) && p.Code == code
}
