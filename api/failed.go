package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/control"
	"github.com/govcrier/crier/rooms/index"
)

// listFailed shows what went wrong in a room; a publisher sees his own.
func (s *Server) listFailed(c *call) (answer, error) {
	p, err := pageOf(c.r.URL.RawQuery, func(cursor string) (string, error) { return cursor, index.CheckDeadCursor(cursor) })
	if err != nil {
		return answer{}, err
	}
	q := index.DeadQuery{Room: c.room.Name, From: c.room.CreatedAt}
	if q.FailedFilter, err = failedQuery(c.r.URL.RawQuery); err != nil {
		return answer{}, err
	}
	if !c.has.any(overseer) {
		q.Publisher = c.client
	}
	found, next, err := s.deps.Messages.Dead(q, p.after, p.limit)
	if err != nil {
		return answer{}, err
	}
	out := v1.FailedList{Failed: []v1.FailedDelivery{}, Next: optional(next)}
	entries := make([]uint64, len(found))
	for i, d := range found {
		entries[i] = d.Entry
	}
	events, err := s.deps.Events.Events(c.context(), entries)
	if err != nil {
		return answer{}, err
	}
	for i, d := range found {
		out.Failed = append(out.Failed, failedOf(d, events[i]))
	}
	return jsonAnswer(http.StatusOK, out)
}

// failedOf tells of a delivery with what the event says that it failed by; the zero value if that is not known.
func failedOf(d index.Dead, e rooms.Event) v1.FailedDelivery {
	return v1.FailedDelivery{
		Provider: e.Provider, Code: e.Code,
		UMID: string(d.UMID), Type: string(d.Type), Number: d.N, Channel: v1.Channel(d.Channel), Status: v1.Status(d.Status),
		Reason: v1.DeliveryReason(d.Reason), Advice: d.Reason.Advice(), At: moment(d.At), Attempts: d.Attempt, Round: d.Round, Resendable: d.Resendable,
	}
}

func failedQuery(query string) (f rooms.FailedFilter, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return f, problem.Parameter("reason", v1.FaultCodeInvalidValue, "the query cannot be read")
	}
	for _, err := range []error{
		one(values, "umid", "the id of a message", &f.UMID, rooms.ParseUMID),
		one(values, "type", "the type of a message", &f.Type, rooms.ParseType),
		one(values, "since", "a date and time as in RFC 3339, with zone", &f.Since, parseSince),
		one(values, "until", "a date and time as in RFC 3339, with zone", &f.Until, parseSince),
		some(values, "reason", "a reason for which deliveries fail", &f.Reasons, request.ParseReason),
		some(values, "channel", oneOf(rooms.Channels()), &f.Channels, rooms.ParseChannel),
	} {
		if err != nil {
			return f, err
		}
	}
	return f, nil
}

// some reads a parameter of the query that may stand there several times.
func some[T any](values url.Values, name, wanted string, into *[]T, parse func(string) (T, error)) error {
	for _, s := range values[name] {
		value, err := parse(s)
		if err != nil || len(*into) == maxSome {
			return problem.Parameter(name, v1.FaultCodeInvalidValue, wanted)
		}
		*into = append(*into, value)
	}
	return nil
}

// oneOf says which words there are.
func oneOf[T ~string](all []T) string {
	words := make([]string, len(all))
	for i, one := range all {
		words[i] = string(one)
	}
	return "one of " + strings.Join(words, ", ")
}

// maxSome is how often a parameter may stand in a query.
const maxSome = 40

// selection reads which deliveries of a message are meant.
func (s *Server) selection(c *call) (f rooms.FailedFilter, err error) {
	if c.r.ContentLength == 0 {
		return f, nil
	}
	body, err := s.readJSON(c)
	if err != nil {
		return f, err
	}
	return request.ParseFailedSelection(body)
}

// resend tries anew what has failed of a message.
func (s *Server) resend(c *call) (answer, error) {
	f, err := s.selection(c)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	done, err := s.deps.Desk.Resend(ctx, c.umid, c.client, f)
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, v1.Resent{Requeued: done.Requeued, Left: done.Left, Unknown: done.Unknown})
}

// drop has it be listed no more.
func (s *Server) drop(c *call) (answer, error) {
	f, err := s.selection(c)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	done, err := s.deps.Desk.DropFailed(ctx, c.umid, c.client, f)
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, v1.Dropped{Dropped: done.Dropped, Left: done.Left})
}

func (s *Server) resendFailed(c *call) (answer, error) { return s.sweep(c, s.deps.Desk.ResendAll) }
func (s *Server) dropFailed(c *call) (answer, error)   { return s.sweep(c, s.deps.Desk.DropAll) }

// sweep does something with what went wrong in a room; a publisher with what is his.
func (s *Server) sweep(c *call, do func(context.Context, rooms.Client, control.Sweep) (control.Swept, error)) (answer, error) {
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	what := control.Sweep{Room: c.room.Name, From: c.room.CreatedAt}
	if what.FailedFilter, what.Next, err = request.ParseFailedSweep(body); err != nil {
		return answer{}, err
	}
	if !c.has.any(roomAdmin) {
		what.Publisher = c.client
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	done, err := do(ctx, c.client, what)
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, v1.Swept{
		Messages: done.Messages, Deliveries: done.Deliveries, Unknown: done.Unknown, Skipped: done.Skipped, Next: optional(string(done.Next)),
	})
}
