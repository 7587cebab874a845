package api

import (
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/rooms/audit"
)

// recordChange makes the entry of a call that changed something durable, before it is answered. A
// message that was accepted is the exception: its entry in the room's log, which is durable, says who
// published it, when and as what, and the planner makes a record of each; so the call itself is
// noted like a read, and publishing costs one wait for the disk and not two.
func (s *Server) recordChange(c *call, a answer) error {
	if !c.changes() || c.inLog {
		return nil
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	return s.deps.Audit.Record(ctx, s.entry(c, a, nil))
}

// note records what recordChange did not: reads, refusals, accepted messages, and what providers call. Other routes for
// everybody are not recorded.
func (s *Server) note(c *call, a answer, refused *problem.Error) {
	if c.untold || refused == nil && c.changes() && !c.inLog || c.route.scope == public && c.route.path != "" && c.provider == "" {
		return
	}
	s.deps.Audit.Note(s.entry(c, a, refused))
}

// changes says whether the call is there to change something.
func (c *call) changes() bool {
	return c.byLink || c.route.scope != public && c.route.method != http.MethodGet && !c.reads
}

func (s *Server) entry(c *call, a answer, refused *problem.Error) audit.Entry {
	e := audit.Entry{
		Time:        c.start.UTC(),
		Source:      c.source(),
		Destination: c.route.name(),
		IDs:         c.ids(),
		Data:        map[string]string{"took": s.now().Sub(c.start).Round(time.Microsecond).String()},
		Status:      audit.Success,
		Code:        a.status,
	}
	if a.stream != nil {
		e.Data["stream"] = "begin"
	}
	if host, _, err := net.SplitHostPort(c.r.RemoteAddr); err == nil {
		e.Data["address"] = host
	}
	if refused != nil {
		e.Status = audit.Failed
		e.Data["problem"] = string(refused.Code)
	}
	return e
}

func (c *call) source() string {
	if c.client == "" {
		return audit.Stranger
	}
	return string(c.client)
}

// ids are those that have been parsed; what stands in a path may be anything.
func (c *call) ids() map[string]string {
	ids := map[string]string{"request": c.id}
	if c.room.Name != "" {
		ids["room"] = string(c.room.Name)
	}
	if c.umid != "" {
		ids["umid"] = string(c.umid)
	}
	if c.consumer.Name != "" {
		ids["consumer"] = c.consumer.String()
	}
	if c.subscriber != "" {
		ids["subscriber"] = string(c.subscriber)
	}
	if c.suppression != "" {
		ids["suppression"] = string(c.suppression)
	}
	if c.provider != "" {
		ids["provider"] = c.provider
	}
	if c.reply != "" {
		ids["reply"] = string(c.reply)
	}
	if c.policy.Name != "" {
		ids["policy"] = c.policy.Name
	}
	if c.policy.Revision > 0 {
		ids["revision"] = strconv.Itoa(c.policy.Revision)
	}
	if c.key != "" {
		ids["key"] = c.key
	}
	if c.about != "" {
		ids["client"] = string(c.about)
	}
	return ids
}

// name is the route as the record and the log call it.
func (r route) name() string {
	if r.path == "" {
		return "none"
	}
	return r.method + " " + r.path
}

// finish counts and logs a call: the route, not the path, and no query.
func (s *Server) finish(c *call, a answer, refused *problem.Error) {
	took := s.now().Sub(c.start)
	c.route.meter.observe(a.status, took)
	level := levelOf(c, a)
	if !s.log.Enabled(c.context(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("route", c.route.name()), slog.Int("status", a.status), slog.Duration("took", took),
		slog.String("client", c.source()), slog.Any("ids", c.ids()),
	}
	if refused != nil {
		attrs = append(attrs, slog.String("problem", string(refused.Code)))
		if refused.Cause != nil {
			attrs = append(attrs, slog.String("cause", refused.Cause.Error()))
		}
	}
	s.log.LogAttrs(c.context(), level, "request", attrs...)
}

func levelOf(c *call, a answer) slog.Level {
	switch {
	case a.status >= http.StatusInternalServerError:
		return slog.LevelError
	case c.untold, c.route.scope == public && a.status < http.StatusBadRequest:
		return slog.LevelDebug
	}
	return slog.LevelInfo
}
