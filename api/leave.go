package api

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

//go:embed leave.html
var leaveSource string

const (
	maxForm     = 4 << 10             // bytes
	pauseOfPage = 30 * 24 * time.Hour // what the page offers
	formPolicy  = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

// leavePage is what a person sees who has followed a link.
type leavePage struct {
	Title, Text string
	Buttons     []button
}

type button struct{ Do, Text string }

// showLeave asks; nothing happens, since scanners and previews follow links too.
func (s *Server) showLeave(c *call) (answer, error) {
	room, _, _, err := s.deps.Links.OpenLeave(mux.Vars(c.r)["token"])
	if err != nil {
		return noLink(c)
	}
	return personPage(c, http.StatusOK, leavePage{"End the subscription", "When you unsubscribe, you get no more messages of " + s.titleOf(c, room) + ".",
		[]button{{"leave", "Unsubscribe"}, {"pause", "Pause for 30 days"}}})
}

// doLeave does what the form says, in one click of a mail program (RFC 8058) or of the page. Who is gone already is told
// the same, and nothing is written; nobody is told so of whom that is not sure.
func (s *Server) doLeave(c *call) (answer, error) {
	room, id, at, err := s.deps.Links.OpenLeave(mux.Vars(c.r)["token"])
	if err != nil {
		return noLink(c)
	}
	form := readForm(c)
	what := form("do")
	if form("List-Unsubscribe") == "One-Click" {
		what = "leave"
	}
	if what != "leave" && what != "pause" {
		return personPage(c, http.StatusBadRequest, leavePage{Title: "Nothing was done", Text: "The form did not say what to do."})
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	sub, err := s.deps.Subscribers.Find(ctx, room, id, at)
	if err == nil && what == "pause" {
		return s.pauseByLink(ctx, c, sub)
	}
	if err == nil {
		c.byLink, c.subscriber, c.room.Name = true, sub.ID, room
		err = s.deps.Subscribers.Remove(ctx, room, sub.ID)
	}
	switch {
	case errors.Is(err, registry.ErrLink):
		return noLink(c)
	case err != nil && !errors.Is(err, registry.ErrUnknownSubscriber):
		return answer{}, err
	}
	return personPage(c, http.StatusOK, leavePage{Title: "Unsubscribed", Text: "You get no more messages of " + s.titleOf(c, room) + "."})
}

// pauseByLink pauses a subscription until a date; who is paused until then already stays as he is.
func (s *Server) pauseByLink(ctx context.Context, c *call, sub rooms.Subscriber) (answer, error) {
	until := s.now().Add(pauseOfPage).UTC().Truncate(24 * time.Hour)
	if sub.State != rooms.SubscriberPaused || !sub.Until.Equal(until) {
		c.byLink, c.subscriber, c.room.Name = true, sub.ID, sub.Room
		if _, _, err := s.deps.Subscribers.Pause(ctx, sub.Room, sub.ID, until); err != nil {
			return answer{}, err
		}
	}
	return personPage(c, http.StatusOK, leavePage{Title: "Paused", Text: "You get no messages of " + s.titleOf(c, sub.Room) + " until " + until.Format(time.DateOnly) + "."})
}

func (s *Server) showConfirm(c *call) (answer, error) {
	room, _, _, err := s.deps.Links.OpenConfirm(mux.Vars(c.r)["token"])
	if err != nil {
		return noLink(c)
	}
	return personPage(c, http.StatusOK, leavePage{"Confirm the subscription", "Do you want to get the messages of " + s.titleOf(c, room) + "?",
		[]button{{"confirm", "Confirm"}}})
}

func (s *Server) doConfirm(c *call) (answer, error) {
	room, id, code, err := s.deps.Links.OpenConfirm(mux.Vars(c.r)["token"])
	if err != nil {
		return noLink(c)
	}
	if readForm(c)("do") != "confirm" {
		return personPage(c, http.StatusBadRequest, leavePage{Title: "Nothing was done", Text: "The form did not say what to do."})
	}
	c.byLink, c.subscriber, c.room.Name = true, id, room
	ctx, cancel := s.beyond(c)
	defer cancel()
	_, err = s.deps.Invitations.ConfirmByLink(ctx, room, id, code)
	if errors.Is(err, registry.ErrCode) {
		return noLink(c)
	}
	if err != nil {
		return answer{}, err
	}
	return personPage(c, http.StatusOK, leavePage{Title: "Subscribed", Text: "You get the messages of " + s.titleOf(c, room) + "."})
}

// titleOf is what people call a room.
func (s *Server) titleOf(c *call, room rooms.Room) string {
	if r, err := s.deps.Rooms.Get(c.context(), room); err == nil && r.Title != "" {
		return r.Title
	}
	return string(room)
}

// readForm reads the fields of a small form, in either of its encodings; what cannot be read has none.
func readForm(c *call) func(field string) string {
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, maxForm)
	_ = c.r.ParseMultipartForm(maxForm)
	return c.r.PostForm.Get
}

func noLink(c *call) (answer, error) {
	return personPage(c, http.StatusNotFound, leavePage{Title: "This link is not good", Text: "It was altered, or has had its time."})
}

func personPage(c *call, status int, p leavePage) (answer, error) {
	h := c.w.Header()
	h.Set("Content-Security-Policy", formPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	var b bytes.Buffer
	t, err := template.New("leave").Parse(leaveSource)
	if err == nil {
		err = t.Execute(&b, p)
	}
	return answer{status: status, kind: "text/html; charset=utf-8", body: b.Bytes()}, err
}
