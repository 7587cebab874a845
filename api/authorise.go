package api

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"github.com/gorilla/mux"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/registry"
)

// authorise finds the room or message that the path names and whether the caller may do there what the route is for.
// A message that one may not see is not there; a room is.
func (s *Server) authorise(c *call) error {
	vars := mux.Vars(c.r)
	if name, ok := vars["room"]; ok {
		if err := s.enterRoom(c, name); err != nil {
			return err
		}
	}
	if name, ok := vars["consumer"]; ok && c.has.any(c.route.scope) {
		return s.openConsumer(c, name)
	}
	if name, ok := vars["umid"]; ok && !c.route.scope.any(passerby) {
		return s.openMessage(c, name)
	}
	if name, err := url.PathUnescape(vars["client"]); err == nil && name == string(c.client) {
		c.has |= oneself
	}
	if c.route.scope.any(drafter) {
		if err := s.seekRoomOf(c); err != nil {
			return err
		}
	}
	if !c.has.any(c.route.scope) {
		return forbidden(c.route.scope)
	}
	return nil
}

func (s *Server) enterRoom(c *call, segment string) error {
	name, err := parameter("room", segment, rooms.ParseRoom)
	if err != nil {
		return err
	}
	if c.room, err = s.deps.Rooms.Get(c.context(), name); err != nil {
		return err
	}
	c.has |= roomRights(c.room, c.client)
	return nil
}

// seekRoomOf finds out whether the caller is admin of any room.
func (s *Server) seekRoomOf(c *call) error {
	all, err := s.deps.Rooms.List(c.context())
	if err == nil && slices.ContainsFunc(all, func(r rooms.RoomConfig) bool { return r.HasAdmin(c.client) }) {
		c.has |= drafter
	}
	return err
}

func (s *Server) openMessage(c *call, segment string) error {
	umid, err := parameter("umid", segment, rooms.ParseUMID)
	if err != nil {
		return err
	}
	if c.message, err = s.find(c.context(), umid); err != nil {
		return err
	}
	room, err := s.deps.Rooms.Get(c.context(), c.message.Room)
	if err != nil && !errors.Is(err, registry.ErrUnknownRoom) { // its room may have been deleted since
		return err
	}
	if !predates(c.message, room) {
		c.has |= roomRights(room, c.client)
	}
	if c.message.Publisher == c.client {
		c.has |= author
	}
	c.message = s.latest(c.message)
	switch {
	case c.has.any(c.route.scope):
	case c.has.any(author | overseer): // who may see it
		return forbidden(c.route.scope)
	default:
		return problem.Of(v1.ProblemCodeUnknownMessage)
	}
	c.room.Name, c.umid = c.message.Room, umid
	return nil
}

// predates says that a message was received by an earlier room of the same name, of which this room's people know nothing.
func predates(m index.Summary, room rooms.RoomConfig) bool {
	return m.ReceivedAt.Before(room.CreatedAt)
}

// find reads a message; one that is not known may have been published on another node a moment ago.
func (s *Server) find(ctx context.Context, u rooms.UMID) (index.Summary, error) {
	m, err := s.deps.Messages.Message(u)
	if !errors.Is(err, index.ErrUnknown) {
		return m, err
	}
	wait, cancel := context.WithTimeout(ctx, s.options.ReadWait)
	defer cancel()
	if err := s.deps.Waiter.Wait(wait); err != nil {
		s.log.DebugContext(ctx, "index did not catch up", "error", err)
	}
	return s.deps.Messages.Message(u)
}

// parameter reads a segment of the path.
func parameter[T ~string](name, segment string, parse func(string) (T, error)) (T, error) {
	plain, err := url.PathUnescape(segment)
	if err != nil {
		return "", problem.Parameter(name, v1.FaultCodeInvalidName, "not a valid escape")
	}
	value, err := parse(plain)
	if err != nil {
		return "", problem.Parameter(name, v1.FaultCodeInvalidName, err.Error())
	}
	return value, nil
}
