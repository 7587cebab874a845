package api

import (
	"errors"

	"github.com/gorilla/mux"

	"github.com/govcrier/crier/api/govstack/mediator"
	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// enterMediator finds out who calls, as which application, and whether he may do in the room what the route is for. Where he
// may nothing at all, there is no room.
func (s *Server) enterMediator(c *call) error {
	if err := s.identifyMember(c); err != nil {
		return err
	}
	if c.as == (mediator.ID{}) {
		return problem.Parameter("X-GovStack-Client", v1.FaultCodeMissing, "this header is needed")
	}
	if err := s.enterApplication(c); err != nil {
		return err
	}
	if c.room.Name == "" || !c.has.any(member) {
		c.room = rooms.RoomConfig{}
		return problem.Of(v1.ProblemCodeUnknownRoom)
	}
	if _, ok := mux.Vars(c.r)["eventId"]; ok {
		return s.openEvent(c)
	}
	if !c.has.any(c.route.scope) {
		return problem.Of(v1.ProblemCodeForbidden)
	}
	return nil
}

// enterMetadata is for whoever is known, or for everybody where the operator has said so; what strangers ask is not recorded.
func (s *Server) enterMetadata(c *call) error {
	named := len(c.r.Header["Authorization"]) > 0 || len(certificateNames(c)) > 0
	if named || !s.options.Mediator.OpenMetadata {
		if err := s.identifyMember(c); err != nil {
			return err
		}
	} else {
		c.untold = true
	}
	if _, ok := mux.Vars(c.r)["applicationCode"]; !ok {
		return nil
	}
	return s.enterApplication(c)
}

// identifyMember finds out who calls: by his token, else by his certificate, else by what a proxy says that shows its own. The
// header names an application of the caller, and is refused if it names another.
func (s *Server) identifyMember(c *call) error {
	options := s.options.Mediator
	claimed, err := claimedID(c)
	if err != nil {
		return err
	}
	shown, proxy := options.Shown(certificateNames(c))
	switch {
	case len(c.r.Header["Authorization"]) > 0 || !proxy && shown == (mediator.ID{}):
		err = s.identify(c)
	case proxy:
		err = s.vouchedFor(c, claimed)
	case claimed != (mediator.ID{}) && claimed != shown:
		err = problem.Of(v1.ProblemCodeForbidden)
	default:
		claimed = shown
		err = s.vouchedFor(c, shown)
	}
	if err != nil {
		return err
	}
	if claimed != (mediator.ID{}) && !options.Belongs(claimed, c.client) {
		return problem.Of(v1.ProblemCodeForbidden)
	}
	c.as = claimed
	return nil
}

// vouchedFor takes an application for the client that it was registered as.
func (s *Server) vouchedFor(c *call, id mediator.ID) error {
	client, ok := s.options.Mediator.Known(id)
	if !ok {
		return problem.Of(v1.ProblemCodeTokenMissing)
	}
	c.client, c.has = client, caller
	return s.identify(c)
}

// claimedID is the application that the header names; zero if there is none.
func claimedID(c *call) (mediator.ID, error) {
	const name = "X-GovStack-Client"
	values := append(c.r.Header.Values(name), c.r.Header.Values("Information-Mediator-Client")...)
	if len(values) == 0 {
		return mediator.ID{}, nil
	}
	id, err := mediator.ParseID(values[0])
	if err != nil {
		return id, problem.Parameter(name, v1.FaultCodeInvalidName, err.Error())
	}
	if len(values) > 1 {
		return id, problem.Parameter(name, v1.FaultCodeInvalidValue, "this header stands here twice")
	}
	return id, nil
}

// certificateNames are those in the certificate that the caller has shown, and that an authority of the operator's has signed.
func certificateNames(c *call) []string {
	if c.r.TLS == nil || len(c.r.TLS.VerifiedChains) == 0 {
		return nil
	}
	leaf := c.r.TLS.VerifiedChains[0][0]
	names := leaf.DNSNames
	if leaf.Subject.CommonName != "" {
		names = append(names[:len(names):len(names)], leaf.Subject.CommonName)
	}
	return names
}

// enterApplication finds the room that the path names; there need not be one.
func (s *Server) enterApplication(c *call) error {
	id, err := mediator.NewID(segment(c, "instanceId"), segment(c, "memberClass"), segment(c, "memberCode"), segment(c, "applicationCode"))
	if err != nil {
		return problem.Parameter("applicationCode", v1.FaultCodeInvalidName, err.Error())
	}
	c.at = id
	name, err := id.Room()
	if err != nil {
		return nil // rooms are called otherwise
	}
	room, err := s.deps.Rooms.Get(c.context(), name)
	if errors.Is(err, registry.ErrUnknownRoom) || err == nil && !s.mediator.Offers(id, room) {
		return nil
	}
	if err != nil {
		return err
	}
	c.room = room
	if c.client != "" {
		c.has |= roomRights(room, c.client)
	}
	return nil
}

// openEvent finds the event that the path names: one of this room and this type.
func (s *Server) openEvent(c *call) error {
	unknown := problem.Of(v1.ProblemCodeUnknownMessage)
	umid, err := mediator.ParseEventID(segment(c, "eventId"))
	if err != nil {
		return unknown // no event has such an id
	}
	m, err := s.find(c.context(), umid)
	if err != nil {
		return err
	}
	name := segment(c, "eventType") // which may have been deleted since
	t, ok := c.room.EventOf(m.Type)
	if m.Room != c.room.Name || !m.Event || predates(m, c.room) || m.Type != (rooms.EventType{Name: name}).Type() || ok && t.Name != name {
		return unknown
	}
	if m.Publisher == c.client {
		c.has |= author
	}
	c.message = s.latest(m)
	switch {
	case c.has.any(c.route.scope):
		c.umid = umid
		return nil
	case c.has.any(author | overseer):
		return problem.Of(v1.ProblemCodeForbidden)
	}
	return unknown
}
