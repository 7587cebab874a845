package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

func (s *Server) createRoom(c *call) (answer, error) {
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	wanted, err := request.ParseNewRoom(body)
	if err != nil {
		return answer{}, err
	}
	if err := s.checkPolicy(c, wanted); err != nil {
		return answer{}, err
	}
	if err := s.freeInbox(c, wanted, wanted.Name); err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	if c.room, err = s.deps.Rooms.Create(ctx, wanted); err != nil {
		return answer{}, err
	}
	c.w.Header().Set("Location", "/v1/rooms/"+string(c.room.Name))
	return roomAnswer(c, http.StatusCreated)
}

func (s *Server) getRoom(c *call) (answer, error) { return roomAnswer(c, http.StatusOK) }

// updateRoom replaces what the room is by what it is to become, if it is still what the caller has read.
func (s *Server) updateRoom(c *call) (answer, error) {
	revision, err := ifMatch(c.r.Header)
	if err != nil {
		return answer{}, err
	}
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	wanted, err := request.ParseRoomChange(body)
	if err != nil {
		return answer{}, err
	}
	if err := s.checkPolicy(c, wanted); err != nil {
		return answer{}, err
	}
	if c.room.Revision != revision {
		return answer{}, problem.Of(v1.ProblemCodeRevisionMismatch)
	}
	wanted.Name, wanted.Revision, wanted.EventTypes = c.room.Name, revision, c.room.EventTypes
	if err := s.freeInbox(c, wanted, wanted.Name); err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	if c.room, err = s.deps.Rooms.Put(ctx, wanted); err != nil {
		c.room.Name = wanted.Name
		return answer{}, err
	}
	return roomAnswer(c, http.StatusOK)
}

// deleteRoom removes the subscribers and the consumers too, so that a new room of that name begins empty.
func (s *Server) deleteRoom(c *call) (answer, error) {
	if err := unchanged(c); err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	for _, step := range []func(context.Context, rooms.Room) error{
		s.deps.Subscribers.RemoveAll, s.deps.Consumers.DeleteAll, s.deps.Replies.RemoveAll, s.deps.Rooms.Delete,
		s.deps.Subscribers.RemoveAll, s.deps.Consumers.DeleteAll, s.deps.Replies.RemoveAll, // who came in between
	} {
		if err := step(ctx, c.room.Name); err != nil {
			return answer{}, err
		}
	}
	return answer{status: http.StatusNoContent}, nil
}

// listRooms shows the rooms that the caller may read.
func (s *Server) listRooms(c *call) (answer, error) {
	p, err := pageOf(c.r.URL.RawQuery, rooms.ParseRoom)
	if err != nil {
		return answer{}, err
	}
	all, err := s.deps.Rooms.List(c.context())
	if err != nil {
		return answer{}, err
	}
	visible := slices.DeleteFunc(slices.Clone(all), func(r rooms.RoomConfig) bool {
		return r.Name <= p.after || !(c.has | roomRights(r, c.client)).any(member)
	})
	slices.SortFunc(visible, func(a, b rooms.RoomConfig) int { return strings.Compare(string(a.Name), string(b.Name)) })
	list := v1.RoomList{Rooms: []v1.Room{}}
	if len(visible) > p.limit {
		visible = visible[:p.limit]
		list.Next = optional(string(visible[p.limit-1].Name))
	}
	for _, r := range visible {
		list.Rooms = append(list.Rooms, roomOf(r))
	}
	return jsonAnswer(http.StatusOK, list)
}

func roomAnswer(c *call, status int) (answer, error) {
	c.w.Header().Set("ETag", `"`+strconv.FormatUint(c.room.Revision, 10)+`"`)
	return jsonAnswer(status, roomOf(c.room))
}

func roomOf(r rooms.RoomConfig) v1.Room {
	room := v1.Room{
		Name: string(r.Name), Title: r.Title, History: r.History, CreatedAt: moment(r.CreatedAt),
		Admins: names(r.Admins), Publishers: []v1.Publisher{}, Readers: names(r.Readers), Policy: v1.RoomPolicy{Name: r.Policy}, Join: v1.Join(r.Join), Inbox: inboxOf(r.Inbox), Alerts: alertsOf(r.Alerts),
	}
	for _, p := range r.Publishers {
		room.Publishers = append(room.Publishers, v1.Publisher{Client: string(p.Client), Direct: p.Direct})
	}
	return room
}

func alertsOf(a rooms.RoomAlerts) v1.RoomAlerts {
	out := v1.RoomAlerts{Public: a.Public}
	for _, r := range a.Areas {
		out.Areas = append(out.Areas, v1.AreaRule{Geocode: r.Geocode, Attribute: r.Attribute})
	}
	return out
}

func names(clients []rooms.Client) []string {
	out := []string{}
	for _, c := range clients {
		out = append(out, string(c))
	}
	return out
}

// unchanged refuses a call that names another ETag than the room's; it need not name any.
func unchanged(c *call) error {
	if len(c.r.Header.Values("If-Match")) == 0 {
		return nil
	}
	revision, err := ifMatch(c.r.Header)
	if err == nil && revision != c.room.Revision {
		return problem.Of(v1.ProblemCodeRevisionMismatch)
	}
	return err
}

// ifMatch reads the one ETag (RFC 9110 §13.1.1) that a change has to name.
func ifMatch(h http.Header) (uint64, error) {
	value := strings.Join(h.Values("If-Match"), ", ")
	if value == "" {
		return 0, problem.Of(v1.ProblemCodeRevisionRequired)
	}
	quoted, ok := strings.CutPrefix(value, `"`)
	digits, closed := strings.CutSuffix(quoted, `"`)
	revision, err := parsePosition(digits)
	if !ok || !closed || err != nil {
		return 0, problem.Parameter("If-Match", v1.FaultCodeInvalidValue, "the ETag under which it was read")
	}
	return revision, nil
}
