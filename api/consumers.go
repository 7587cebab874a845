package api

import (
	"net/http"
	"time"

	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/consumers"
)

// Where NATS clients find the consumers.
const (
	consumerStream = "ROOMS"
	consumerPrefix = "JS.crier.API"
)

// openConsumer finds the consumer that a path names: one of the caller's own by its name, or any of the room by its
// name in JetStream. One of somebody else is there for admins alone, who may not read with it.
func (s *Server) openConsumer(c *call, segment string) error {
	name, err := parameter("consumer", segment, func(name string) (string, error) { return consumerName(c, name) })
	if err != nil {
		return err
	}
	id, err := rooms.ParseConsumerID(name)
	if err != nil {
		return problem.Because(v1.ProblemCodeInternal, err)
	}
	own := id.Owner == rooms.OwnerOf(c.client)
	if id.Room != c.room.Name || !own && !c.has.any(roomAdmin|platformAdmin) {
		return problem.Of(v1.ProblemCodeUnknownConsumer)
	}
	if c.opened, err = s.deps.Consumers.Get(c.context(), id); err != nil {
		return err
	}
	c.consumer = id // one that is not there may be called anything
	if !own && !c.route.scope.any(platformAdmin) {
		return problem.Of(v1.ProblemCodeForbidden)
	}
	return nil
}

// consumerName is the name in JetStream of what a path names. Only such a name has capitals.
func consumerName(c *call, name string) (string, error) {
	if id, err := rooms.ParseConsumerID(name); err == nil {
		return id.String(), nil
	}
	own, err := rooms.ParseConsumerName(name)
	return ownConsumer(c, own).String(), err
}

func ownConsumer(c *call, name rooms.ConsumerName) rooms.ConsumerID {
	return rooms.ConsumerID{Room: c.room.Name, Owner: rooms.OwnerOf(c.client), Name: name}
}

func (s *Server) createConsumer(c *call) (answer, error) {
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	wanted, err := request.ParseConsumer(body)
	if err != nil {
		return answer{}, err
	}
	wanted.ID, wanted.Client = ownConsumer(c, wanted.ID.Name), c.client
	ctx, cancel := s.beyond(c)
	defer cancel()
	made, created, err := s.deps.Consumers.Create(ctx, c.room, wanted)
	if err != nil {
		return answer{}, err
	}
	c.consumer = wanted.ID
	if !created {
		return jsonAnswer(http.StatusOK, consumerOf(made))
	}
	c.w.Header().Set("Location", "/v1/rooms/"+string(c.room.Name)+"/consumers/"+string(wanted.ID.Name))
	return jsonAnswer(http.StatusCreated, consumerOf(made))
}

// listConsumers shows the caller's own, or all to admins.
func (s *Server) listConsumers(c *call) (answer, error) {
	p, err := pageOf(c.r.URL.RawQuery, func(cursor string) (string, error) { return cursor, nil })
	if err != nil {
		return answer{}, err
	}
	owner := rooms.OwnerOf(c.client)
	if c.has.any(roomAdmin | platformAdmin) {
		owner = ""
	}
	found, next, err := s.deps.Consumers.List(c.context(), c.room.Name, owner, p.after, p.limit)
	if err != nil {
		return answer{}, err
	}
	list := v1.ConsumerList{Consumers: []v1.Consumer{}, Next: optional(next)}
	for _, one := range found {
		list.Consumers = append(list.Consumers, consumerOf(one))
	}
	return jsonAnswer(http.StatusOK, list)
}

// getConsumer shows the consumer that authorise has found.
func (s *Server) getConsumer(c *call) (answer, error) {
	return jsonAnswer(http.StatusOK, consumerOf(c.opened))
}

func (s *Server) deleteConsumer(c *call) (answer, error) {
	ctx, cancel := s.beyond(c)
	defer cancel()
	if err := s.deps.Consumers.Delete(ctx, c.consumer); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

func (s *Server) resetConsumer(c *call) (answer, error) {
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	start, err := request.ParseStart(body)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	now, err := s.deps.Consumers.Reset(ctx, c.room, c.consumer, start)
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, consumerOf(now))
}

func consumerOf(c rooms.Consumer) v1.Consumer {
	out := v1.Consumer{
		Name: string(c.ID.Name), Room: string(c.ID.Room), Client: string(c.Client),
		Lane: v1.Lane(c.Lane), Type: string(c.Type), Start: startOf(c.Start),
		AckWait: int(c.AckWait / time.Second), MaxDeliver: c.MaxDeliver,
		Stream: consumerStream, Consumer: c.ID.String(), APIPrefix: consumerPrefix,
		Delivered: c.Delivered, Acked: c.Acked, Pending: c.Pending, AckPending: c.AckPending, Redelivered: c.Redelivered,
		CreatedAt: moment(c.Created),
	}
	if c.Reset != nil {
		out.Reset = startOf(*c.Reset)
	}
	return out
}

func startOf(s rooms.Start) v1.Start {
	switch {
	case s.New:
		return v1.Start{From: v1.FromNew}
	case s.Sequence > 0 || !s.Time.IsZero():
		return v1.Start{Sequence: s.Sequence, Time: s.Time}
	}
	return v1.Start{From: v1.FromAll}
}

var _ Consumers = (*consumers.Consumers)(nil)
