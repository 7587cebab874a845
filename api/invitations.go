package api

import (
	"net/http"

	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms/registry"
)

// requestSubscription takes the wish of a person to come in; what is answered does not depend on who he is.
func (s *Server) requestSubscription(c *call) (answer, error) {
	if c.room.Join == "" {
		return answer{}, registry.ErrClosed
	}
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	person, err := request.ParseSubscriptionRequest(body, s.now())
	if err != nil {
		return answer{}, err
	}
	if err := s.joins.take(c.client, s.now()); err != nil {
		return answer{}, err
	}
	person.Consent.By = c.client
	ctx, cancel := s.beyond(c)
	defer cancel()
	id, err := s.deps.Invitations.Ask(ctx, c.room, person)
	if err != nil {
		return answer{}, err
	}
	c.subscriber = id
	return jsonAnswer(http.StatusAccepted, v1.SubscriptionReceipt{ID: string(id)})
}

func (s *Server) approveSubscriber(c *call) (answer, error) {
	id, err := c.seek()
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	invited, err := s.deps.Invitations.Approve(ctx, c.room, id)
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, subscriberOf(invited))
}

func (s *Server) declineSubscriber(c *call) (answer, error) {
	id, err := c.seek()
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	if err := s.deps.Invitations.Decline(ctx, c.room, id); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

func (s *Server) confirmSubscriber(c *call) (answer, error) {
	id, err := c.seek()
	if err != nil {
		return answer{}, err
	}
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	code, err := request.ParseCode(body)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	if _, err := s.deps.Invitations.Confirm(ctx, c.room.Name, id, code); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}
