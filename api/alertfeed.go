package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/govcrier/crier/api/cap"
	"github.com/govcrier/crier/api/cap/feed"
	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/stream"
)

// passes says that a caller without a token may read what a room shows to everybody. Such calls are not recorded.
func (s *Server) passes(c *call) bool {
	if !c.route.scope.any(passerby) || len(c.r.Header["Authorization"]) > 0 {
		return false
	}
	name, err := parameter("room", mux.Vars(c.r)["room"], rooms.ParseRoom)
	if err != nil {
		return false
	}
	room, err := s.deps.Rooms.Get(c.context(), name)
	if err != nil || !room.Alerts.Public {
		return false
	}
	c.room, c.untold = room, true
	return true
}

// listAlerts shows the alerts of a room that are in force.
func (s *Server) listAlerts(c *call) (answer, error) {
	ctx, cancel := context.WithTimeout(c.context(), s.options.PublishTimeout)
	defer cancel()
	var d feed.Document
	var err error
	if c.client == "" {
		d, err = s.shelf.Public(ctx, c.room, s.now(), s.alerts.FeedAge)
	} else {
		d, err = s.shelf.Private(ctx, c.room, s.now())
	}
	if err != nil {
		return answer{}, err
	}
	return s.cacheable(c, feed.AtomType+"; charset=utf-8", d.Body, d.Changed), nil
}

// getAlert shows an alert as it was published.
func (s *Server) getAlert(c *call) (answer, error) {
	umid, err := parameter("umid", mux.Vars(c.r)["umid"], rooms.ParseUMID)
	if err != nil {
		return answer{}, err
	}
	m, err := s.find(c.context(), umid)
	if err != nil {
		return answer{}, err
	}
	if m.Room != c.room.Name || !m.IsAlert() || m.Held || predates(m, c.room) {
		return answer{}, problem.Of(v1.ProblemCodeUnknownMessage)
	}
	raw, err := s.original(c.context(), m)
	if err != nil {
		return answer{}, err
	}
	if a, _ := cap.Parse(raw, len(raw)); c.client == "" && a.Scope != "Public" {
		return answer{}, problem.Of(v1.ProblemCodeUnknownMessage)
	}
	c.umid = umid
	return s.cacheable(c, feed.CAPType, raw, m.ReceivedAt), nil
}

// original is the alert that a message holds.
func (s *Server) original(ctx context.Context, m index.Summary) ([]byte, error) {
	stored, err := s.deps.AlertLog.Message(ctx, m.Sequence)
	if errors.Is(err, stream.ErrGone) {
		return nil, problem.Of(v1.ProblemCodeUnknownMessage)
	}
	if err != nil {
		return nil, err
	}
	raw, ok := cap.Original(stored.Payload)
	if !ok || stored.UMID != m.UMID {
		return nil, problem.Of(v1.ProblemCodeUnknownMessage)
	}
	return raw, nil
}

// cacheable is an answer that a caller may keep, and ask about again (RFC 9110 §13).
func (s *Server) cacheable(c *call, kind string, body []byte, changed time.Time) answer {
	sum := sha256.Sum256(body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`
	h := c.w.Header()
	h.Set("ETag", tag)
	h.Set("Last-Modified", changed.UTC().Format(http.TimeFormat))
	h.Set("Vary", "Authorization")
	h.Set("Cache-Control", "private, no-cache")
	if c.client == "" {
		h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(s.alerts.FeedAge.Seconds())))
	}
	if unchangedSince(c.r.Header, tag, changed) {
		return answer{status: http.StatusNotModified}
	}
	return answer{status: http.StatusOK, kind: kind, body: body}
}

// unchangedSince says whether a caller has it as it is.
func unchangedSince(h http.Header, tag string, changed time.Time) bool {
	if known := h.Values("If-None-Match"); len(known) > 0 {
		for _, one := range strings.Split(strings.Join(known, ","), ",") {
			if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
				return true
			}
		}
		return false
	}
	since, err := http.ParseTime(h.Get("If-Modified-Since"))
	return err == nil && !changed.Truncate(time.Second).After(since)
}

// standing is how a message stands, for the feed.
func (s *Server) standing(u rooms.UMID) (index.Summary, error) {
	m, err := s.deps.Messages.Message(u)
	m.UMID = u
	return s.latest(m), err
}
