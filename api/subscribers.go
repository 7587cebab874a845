package api

import (
	"net/http"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// addSubscribers takes one person as JSON, or a stream of them as NDJSON or CSV.
func (s *Server) addSubscribers(c *call) (answer, error) {
	switch kind, err := mediaType(c.r.Header); {
	case err != nil:
		return answer{}, err
	case kind == jsonType:
		return s.addSubscriber(c)
	case kind == ndjsonType, kind == csvType:
		return s.upload(c, request.Form{CSV: kind == csvType, Values: "attributes"})
	}
	return answer{}, problem.Of(v1.ProblemCodeUnsupportedMediaType)
}

func (s *Server) addSubscriber(c *call) (answer, error) {
	body, err := s.readAll(c)
	if err != nil {
		return answer{}, err
	}
	contact, err := request.ParseContact(body)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	added, created, err := s.deps.Subscribers.Add(ctx, c.room.Name, contact)
	if err != nil {
		return answer{}, err
	}
	c.subscriber = added.ID
	if created {
		return jsonAnswer(http.StatusCreated, subscriberOf(added))
	}
	return jsonAnswer(http.StatusOK, subscriberOf(added))
}

// listSubscribers shows ids and channels, never a contact.
func (s *Server) listSubscribers(c *call) (answer, error) {
	p, err := pageOf(c.r.URL.RawQuery, parsePosition)
	if err != nil {
		return answer{}, err
	}
	found, next, err := s.deps.Subscribers.List(c.context(), c.room.Name, p.after, p.limit)
	if err != nil {
		return answer{}, err
	}
	list := v1.SubscriberList{Subscribers: []v1.Subscriber{}}
	if next > 0 {
		list.Next = optional(strconv.FormatUint(next, 10))
	}
	for _, one := range found {
		list.Subscribers = append(list.Subscribers, subscriberOf(one))
	}
	return jsonAnswer(http.StatusOK, list)
}

func (s *Server) removeSubscriber(c *call) (answer, error) {
	id, err := parameter("subscriber", mux.Vars(c.r)["subscriber"], rooms.ParseSubscriberID)
	if err != nil {
		return answer{}, err
	}
	c.subscriber = id
	ctx, cancel := s.beyond(c)
	defer cancel()
	if err := s.deps.Subscribers.Remove(ctx, c.room.Name, id); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

func subscriberOf(s rooms.Subscriber) v1.Subscriber {
	return v1.Subscriber{ID: string(s.ID), Channel: v1.Channel(s.Channel), Since: moment(s.Since)}
}
