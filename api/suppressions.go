package api

import (
	"net/http"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
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
	one, err := s.deps.Suppressions.Find(rooms.Endpoint{Channel: contact.Channel, Address: contact.Address})
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, suppressionOf(one))
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
		ID: string(s.ID), Channel: v1.Channel(s.Channel), Reason: string(s.Reason),
		Since: moment(s.Since), Until: moment(s.Until), Times: s.Times,
	}
}
