package api

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// findSuppression says whether an address takes nothing; the address comes in the body, so that it stands in no URL.
func (s *Server) findSuppression(c *call) (answer, error) {
	c.reads = true
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	contact, err := request.ParseContact(body)
	if err != nil {
		return answer{}, err
	}
	at := rooms.Endpoint{Channel: contact.Channel, Address: contact.Address}
	one, err := s.deps.Suppressions.Find(at)
	if err != nil && !errors.Is(err, registry.ErrUnknownSuppression) {
		return answer{}, err
	}
	known, failed := s.deps.Rooms.List(c.context())
	if failed != nil {
		return answer{}, failed
	}
	stops := s.deps.Suppressions.Stops(known, at)
	switch {
	case err != nil && len(stops) == 0:
		return answer{}, err
	case err != nil:
		one, stops = stops[0], stops[1:]
	}
	return jsonAnswer(http.StatusOK, foundSuppression(one, stops))
}

// foundSuppression is what keeps an address from being written to, and what does so besides.
func foundSuppression(one rooms.Suppression, others []rooms.Suppression) v1.FoundSuppression {
	first := suppressionOf(one)
	out := v1.FoundSuppression{ID: first.ID, Room: first.Room, Channel: first.Channel, Reason: first.Reason, Since: first.Since, Until: first.Until, Times: first.Times}
	for _, other := range others {
		out.Others = append(out.Others, suppressionOf(other))
	}
	return out
}

func (s *Server) listSuppressions(c *call) (answer, error) {
	p, err := pageOf(c.r.URL.RawQuery, parsePosition)
	if err != nil {
		return answer{}, err
	}
	found, next := s.deps.Suppressions.List(p.after, p.limit)
	list := v1.SuppressionList{Suppressions: []v1.Suppression{}}
	if next > 0 {
		list.Next = optional(strconv.FormatUint(next, 10))
	}
	for _, one := range found {
		list.Suppressions = append(list.Suppressions, suppressionOf(one))
	}
	return jsonAnswer(http.StatusOK, list)
}

func (s *Server) removeSuppression(c *call) (answer, error) {
	id, err := parameter("suppression", mux.Vars(c.r)["suppression"], rooms.ParseSuppressionID)
	if err != nil {
		return answer{}, err
	}
	c.suppression = id
	ctx, cancel := s.beyond(c)
	defer cancel()
	if err := s.deps.Suppressions.Remove(ctx, id); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

func suppressionOf(s rooms.Suppression) v1.Suppression {
	return v1.Suppression{
		ID: string(s.ID), Room: string(s.Room), Channel: v1.Channel(s.Channel), Reason: string(s.Reason),
		Since: moment(s.Since), Until: moment(s.Until), Times: s.Times,
	}
}
