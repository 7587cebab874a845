package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
)

// releaseMessage lets a message go that awaits a second person.
func (s *Server) releaseMessage(c *call) (answer, error) {
	return s.decided(c, s.deps.Releases.Agree)
}

// rejectMessage has it end.
func (s *Server) rejectMessage(c *call) (answer, error) {
	return s.decided(c, s.deps.Releases.Reject)
}

func (s *Server) decided(c *call, decide func(context.Context, rooms.UMID, rooms.Client) error) (answer, error) {
	ctx, cancel := s.beyond(c)
	defer cancel()
	if err := decide(ctx, c.umid, c.client); err != nil {
		return answer{}, err
	}
	if err := s.deps.Waiter.Wait(ctx); err != nil {
		s.log.DebugContext(ctx, "index did not catch up", "error", err)
	}
	m, err := s.deps.Messages.Message(c.umid)
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, MessageOf(m))
}

// awaitedContent shows what a message says that awaits a second person, to those who may say whether it goes.
func (s *Server) awaitedContent(c *call) (answer, error) {
	ctx, cancel := s.beyond(c)
	defer cancel()
	content, recipients, err := s.deps.Releases.Content(ctx, c.umid)
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, v1.AwaitedContent{UMID: string(c.umid), Content: content, Recipients: recipients})
}

// earlier says whether the message that another refers to may be spoken of; nil if there is none.
func (s *Server) earlier(c *call, m request.Message) func(context.Context) error {
	if m.References == "" {
		return nil
	}
	return func(ctx context.Context) error {
		before, err := s.find(ctx, m.References)
		switch {
		case errors.Is(err, index.ErrUnknown):
			return problem.Of(v1.ProblemCodeUnknownReference)
		case err != nil:
			return err
		case before.Room != c.room.Name, predates(before, c.room), before.Publisher != c.client && !c.has.any(roomAdmin):
			return problem.Of(v1.ProblemCodeUnknownReference)
		case before.Exercise != m.Exercise:
			return problem.Faults(v1.ProblemCodeInvalidRequest, rooms.Fault{
				Pointer: "/exercise", Code: string(v1.FaultCodeInvalidValue), Detail: "a drill speaks of drills, and of nothing else",
			})
		case before.SupersededBy != "" || before.Control.Reason == rooms.Superseded:
			return problem.Of(v1.ProblemCodeAlreadySuperseded)
		}
		return nil
	}
}

// tellWaiting says how a message has waited, and what was decided about it.
func tellWaiting(out *v1.Message, m index.Summary) {
	out.SendAt, out.ReleasedAt, out.ReleasedBy = moment(m.SendAt), moment(m.ReleasedAt), string(m.ReleasedBy)
	if m.NextAt.After(m.SendAt) {
		out.SendAt = moment(m.NextAt)
	}
	if m.Awaits {
		out.Awaits = "a publisher or an admin of the room, other than " + string(m.Publisher)
	}
	out.Series, out.Alert, out.References = string(m.Series), v1.MessageAlert(m.Alert), string(m.References)
	out.SupersededBy, out.Exercise = string(m.SupersededBy), m.Exercise
}

// stateOf is how a message stands, in a word.
func stateOf(m index.Summary) v1.MessageState {
	switch state := m.Control.State; {
	case state == rooms.ControlCancelled && m.Control.Reason == rooms.Expired:
		return v1.MessageStateExpired
	case state == rooms.ControlCancelled:
		return v1.MessageStateCancelled
	case !m.FinishedAt.IsZero():
		return v1.MessageStateFinished
	case state == rooms.ControlPaused:
		return v1.MessageStatePaused
	case state == rooms.ControlHeld:
		return v1.MessageStateHeld
	case m.Awaits:
		return v1.MessageStateAwaitingRelease
	case m.Held:
		return v1.MessageStateScheduled
	}
	return v1.MessageStateRunning
}
