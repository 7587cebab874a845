package mediator

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// eventTypeForm is an event type on the wire.
type eventTypeForm struct {
	EventType string         `json:"eventType"`
	Schema    jsontext.Value `json:"schema"`
}

// CreateEventType adds an event type to the room.
func (f *Facade) CreateEventType(ctx context.Context, c *Call) (Reply, error) {
	t, err := ParseEventType(c.Body)
	if err != nil {
		return Reply{}, err
	}
	room, err := c.Room.WithEventType(t)
	switch {
	case errors.Is(err, rooms.ErrEventTypeExists):
		return Reply{}, problem.Of(v1.ProblemCodeEventTypeExists)
	case err != nil:
		return Reply{}, problem.Because(v1.ProblemCodeQuotaExceeded, err)
	}
	if c.Room, err = f.Rooms.Put(ctx, room); err != nil {
		return Reply{}, err
	}
	return reply(http.StatusOK, eventTypeForm{t.Name, t.Schema})
}

// ListEventTypes gives their names.
func (f *Facade) ListEventTypes(_ context.Context, c *Call) (Reply, error) {
	if len(c.Room.EventTypes) == 0 {
		return Reply{Status: http.StatusNoContent}, nil
	}
	var names []string
	for _, t := range c.Room.EventTypes {
		names = append(names, t.Name)
	}
	return reply(http.StatusOK, names)
}

// GetEventType gives one with its schema, or nothing.
func (f *Facade) GetEventType(_ context.Context, c *Call) (Reply, error) {
	t, err := c.eventType()
	var p *problem.Error
	switch {
	case errors.As(err, &p) && p.Code == v1.ProblemCodeUnknownEventType:
		return Reply{Status: http.StatusNoContent}, nil
	case err != nil:
		return Reply{}, err
	}
	return reply(http.StatusOK, eventTypeForm{t.Name, t.Schema})
}

// DeleteEventType takes one away. Subscriptions stay, and get nothing until there is one of that name again.
func (f *Facade) DeleteEventType(ctx context.Context, c *Call) (Reply, error) {
	t, err := c.eventType()
	if err != nil {
		return Reply{}, err
	}
	if c.Room, err = f.Rooms.Put(ctx, c.Room.WithoutEventType(t.Name)); err != nil {
		return Reply{}, err
	}
	return Reply{Status: http.StatusNoContent}, nil
}
