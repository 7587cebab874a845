package api

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
)

// endpoint is a route with what is counted about it.
type endpoint struct {
	route
	server *Server
	meter  meter
	enter  func(*call) error // who may call it, where that is not for scope and authorise to say
	front  *front            // nil: crier's own API
}

// front is what is another API's own of a route.
type front struct {
	identify func(c *call) error // who calls
	kind     string              // content type of problems
	allow    string              // the methods of the path
	reword   func(*problem.Error) *problem.Error
}

// ServeHTTP answers a call, and goes on with what an answer has begun.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{w: w, r: r, route: e, id: requestID(r.Header), start: e.server.now()}
	w.Header().Set("X-Request-Id", c.id)
	if stream := e.server.serve(c, func(a answer) error { return write(w, a) }); stream != nil {
		stream()
	}
}

// serve is the one place where a call is tried, recorded, answered, counted and logged; it hands
// the answer to give before the call is noted and counted. What goes on after the answer it returns.
func (s *Server) serve(c *call, give func(answer) error) (stream func()) {
	s.inFlight.Inc()
	defer s.inFlight.Dec()
	a, err := s.attempt(c)
	var refused *problem.Error
	if err != nil {
		refused = translate(err)
	} else if err := s.recordChange(c, a); err != nil {
		refused = problem.Because(v1.ProblemCodeUnavailable, err)
	}
	refused = s.holdBack(c, refused)
	lost := a.lost
	if refused != nil {
		a = s.refuse(c, refused)
	}
	err = give(a)
	if lost != nil && (refused != nil || err != nil || c.context().Err() != nil) {
		lost()
	}
	s.note(c, a, refused)
	s.finish(c, a, refused)
	return a.stream
}

// attempt authenticates, authorises and handles a call; a panic on the way is an internal error.
func (s *Server) attempt(c *call) (a answer, err error) {
	defer func() {
		if v := recover(); v != nil { // the value may hold anything: only its type is told
			err = problem.Because(v1.ProblemCodeInternal, fmt.Errorf("panic of %T at %s", v, debug.Stack()))
		}
	}()
	if c.route.enter != nil {
		if err := c.route.enter(c); err != nil {
			return answer{}, err
		}
	} else if c.route.scope != public && !s.passes(c) {
		if err := s.identify(c); err != nil {
			return answer{}, err
		}
		if err := s.authorise(c); err != nil {
			return answer{}, err
		}
	}
	return c.route.handle(c)
}

// refuse renders a problem, with the headers that belong to it.
func (s *Server) refuse(c *call, p *problem.Error) answer {
	h := c.w.Header()
	if f := c.route.front; f != nil {
		p = f.reword(p)
	}
	entry := s.problems.Entry(p.Code)
	if text := challenge(entry); text != "" {
		h.Set("WWW-Authenticate", text)
	}
	if entry.Status == http.StatusRequestTimeout || entry.Status == http.StatusRequestEntityTooLarge {
		h.Set("Connection", "close") // the rest of the body is not waited for
	}
	status, body := s.problems.Render(p, c.id, h)
	if c.route.describes() {
		return describedRefusal(status, entry, p)
	}
	if f := c.route.front; f != nil {
		if status == http.StatusMethodNotAllowed {
			h.Set("Allow", f.allow)
		}
		return answer{status: status, kind: f.kind, body: body}
	}
	return answer{status: status, kind: problem.ContentType, body: body}
}

// write gives the caller an answer; the error says that he has gone.
func write(w http.ResponseWriter, a answer) (err error) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if h.Get("Cache-Control") == "" || a.status >= http.StatusBadRequest {
		h.Set("Cache-Control", "no-store")
	}
	if a.kind != "" {
		h.Set("Content-Type", a.kind)
	}
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified && a.kind != eventStreamType {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	if len(a.body) > 0 {
		_, err = w.Write(a.body)
	}
	return err
}

// beyond is a context that outlives the caller, for what must not be left half done.
func (s *Server) beyond(c *call) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(c.context()), s.options.PublishTimeout)
}
