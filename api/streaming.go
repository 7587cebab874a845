package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms/audit"
	"github.com/govcrier/crier/rooms/live"
	"github.com/govcrier/crier/rooms/registry"
)

// rightsEvery is the time between two looks whether the client may still read the room.
const rightsEvery = 3 * time.Second

// Reasons for the end of a stream of which the client cannot be told.
const (
	left    v1.StreamEndReason = "left"    // it has gone
	stalled v1.StreamEndReason = "stalled" // it took nothing
	failed  v1.StreamEndReason = "failed"  // an error of ours
)

// streaming is one stream of events while it runs.
type streaming struct {
	server   *Server
	call     *call
	listener *live.Listener
	control  *http.ResponseController
	gap      uint64
	told     uint64 // the position that the client knows
	events   int
}

// run tells messages until one side has a reason to end, which goes on record.
func (st *streaming) run() {
	why := failed
	defer func() {
		if v := recover(); v != nil { // the value may hold anything: only its type is told
			st.server.log.Error("a stream panicked", "cause", fmt.Sprintf("panic of %T at %s", v, debug.Stack()))
		}
		st.record(why)
	}()
	_ = st.control.SetReadDeadline(time.Time{}) // else net/http takes the client for gone when the time for a body is over
	if why = st.tell(); why == left || why == stalled {
		return
	}
	if lost := st.write(ending(st.told, why)); lost != "" {
		why = lost
	}
}

// tell writes what comes, and a sign of life where nothing does.
func (st *streaming) tell() v1.StreamEndReason {
	s, ctx := st.server, st.call.context()
	st.told = st.listener.At()
	if lost := st.write(opening(st.told, st.gap)); lost != "" {
		return lost
	}
	beat := time.NewTimer(s.options.Streams.Heartbeat)
	defer beat.Stop()
	look := time.NewTicker(rightsEvery)
	defer look.Stop()
	over := st.tokenEnds()
	for {
		events, more, err := st.listener.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return left
		case err != nil:
			return v1.StreamEndReasonUnavailable
		case len(events) > 0:
			if lost := st.hand(events); lost != "" {
				return lost
			}
			beat.Reset(s.options.Streams.Heartbeat)
		}
		select {
		case <-more:
		case <-s.streams.stop:
			return v1.StreamEndReasonShutdown
		case <-over:
			return v1.StreamEndReasonToken
		case <-look.C:
			if why := st.forbidden(); why != "" {
				return why
			}
		case <-beat.C:
			if lost := st.beat(); lost != "" {
				return lost
			}
			beat.Reset(s.options.Streams.Heartbeat)
		case <-ctx.Done():
			return left
		}
	}
}

// tokenEnds fires when the token that opened the stream is no longer good.
func (st *streaming) tokenEnds() <-chan time.Time {
	if st.call.expires.IsZero() {
		return nil
	}
	return time.After(max(st.call.expires.Sub(st.server.now()), 0))
}

// hand writes messages, of which each was rendered once for all.
func (st *streaming) hand(events []*live.Event) (lost v1.StreamEndReason) {
	parts := make([][]byte, len(events))
	for i, e := range events {
		parts[i] = e.Wire
	}
	if lost := st.write(parts...); lost != "" {
		return lost
	}
	st.events += len(events)
	st.server.streams.sent.Add(len(events))
	st.told = events[len(events)-1].Sequence
	return ""
}

func (st *streaming) beat() (lost v1.StreamEndReason) {
	at := st.listener.At()
	if lost := st.write(heartbeat(st.told, at)); lost != "" {
		return lost
	}
	st.told = at
	return ""
}

// write sends parts at once, and says how the client was lost if it was. One that takes nothing for long makes it fail;
// apart from that a stream has all the time in the world.
func (st *streaming) write(parts ...[]byte) (lost v1.StreamEndReason) {
	began, patience := time.Now(), st.server.options.Streams.Stall
	_ = st.control.SetWriteDeadline(began.Add(patience))
	err := st.send(parts)
	_ = st.control.SetWriteDeadline(time.Time{})
	switch {
	case err == nil:
		return ""
	case time.Since(began) >= patience:
		return stalled
	}
	return left
}

func (st *streaming) send(parts [][]byte) error {
	for _, p := range parts {
		if _, err := st.call.w.Write(p); err != nil {
			return err
		}
	}
	return st.control.Flush()
}

// forbidden says why the client may no longer read the room, if that is so.
func (st *streaming) forbidden() v1.StreamEndReason {
	c := st.call
	if st.server.deps.Blocked.Has(c.client) {
		return v1.StreamEndReasonForbidden
	}
	now, err := st.server.deps.Rooms.Get(c.context(), c.room.Name)
	switch {
	case errors.Is(err, registry.ErrUnknownRoom), err == nil && !now.CreatedAt.Equal(c.room.CreatedAt):
		return v1.StreamEndReasonRoom
	case err != nil || now.Revision == c.room.Revision:
		return ""
	case !roomRights(now, c.client).any(c.route.scope):
		return v1.StreamEndReasonForbidden
	}
	c.room = now
	return ""
}

// record puts the end of a stream on record; its beginning is there like any other call.
func (st *streaming) record(why v1.StreamEndReason) {
	s, c := st.server, st.call
	e := s.entry(c, answer{status: http.StatusOK}, nil)
	e.Time = s.now().UTC()
	e.Data["stream"], e.Data["reason"], e.Data["events"] = "end", string(why), strconv.Itoa(st.events)
	if why == failed {
		e.Status = audit.Failed
	}
	s.deps.Audit.Note(e)
	s.log.LogAttrs(c.context(), slog.LevelInfo, "stream ended", slog.String("client", c.source()), slog.Any("ids", c.ids()),
		slog.String("reason", string(why)), slog.Int("events", st.events))
}
