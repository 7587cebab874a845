package api

import (
	"context"
	"net/http"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/control"
	"github.com/govcrier/crier/rooms/index"
)

// control takes a decision about the message that authorise has found.
func (s *Server) control(wanted rooms.ControlState) handler {
	return func(c *call) (answer, error) {
		ctx, cancel := s.beyond(c)
		defer cancel()
		decided, err := s.decide(ctx, c, wanted)
		if err != nil {
			return answer{}, err
		}
		m, err := s.deps.Messages.Message(c.umid) // it may have finished meanwhile
		if err != nil {
			return answer{}, err
		}
		m.Control = control.Latest(m.Control, decided)
		return jsonAnswer(http.StatusOK, MessageOf(m))
	}
}

func (s *Server) decide(ctx context.Context, c *call, wanted rooms.ControlState) (rooms.Control, error) {
	switch wanted {
	case rooms.ControlPaused:
		return s.deps.Desk.Pause(ctx, c.umid, c.client)
	case rooms.ControlCancelled:
		return s.deps.Desk.Cancel(ctx, c.umid, c.client, rooms.NoReason)
	}
	return s.deps.Desk.Resume(ctx, c.umid, c.client)
}

// latest is a message with what was decided about it, which may not be on record here yet.
func (s *Server) latest(m index.Summary) index.Summary {
	m.Control = control.Latest(m.Control, s.deps.Desk.Of(m.UMID))
	return m
}

func controlState(s rooms.ControlState) v1.MessageState {
	if s == "" {
		return v1.MessageStateRunning
	}
	return v1.MessageState(s)
}

// controlOf is the zero value if nothing was decided.
func controlOf(c rooms.Control) v1.MessageControl {
	if c.Entry == 0 {
		return v1.MessageControl{}
	}
	return v1.MessageControl{State: controlState(c.State), By: string(c.By), At: moment(c.At), Reason: string(c.Reason)}
}
