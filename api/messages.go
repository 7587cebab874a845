package api

import (
	"net/http"
	"strconv"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
)

// getMessage tells what became of the message that authorise has found.
func (s *Server) getMessage(c *call) (answer, error) {
	return jsonAnswer(http.StatusOK, MessageOf(c.message))
}

// listMessages shows a room's messages, the newest first; a publisher sees his own. Those of an earlier room of the same
// name are left out, and end the list.
func (s *Server) listMessages(c *call) (answer, error) {
	p, err := pageOf(c.r.URL.RawQuery, rooms.ParseUMID)
	if err != nil {
		return answer{}, err
	}
	list := s.deps.Messages.Messages
	if waiting, err := boolOf(c, "waiting"); err != nil {
		return answer{}, err
	} else if waiting {
		list = s.deps.Messages.Held
	}
	found, next, err := list(c.room.Name, string(p.after), p.limit)
	if err != nil {
		return answer{}, err
	}
	out := v1.MessageList{Messages: []v1.Message{}, Next: optional(next)}
	for _, m := range found {
		switch {
		case predates(m, c.room):
			out.Next = nil
		case c.has.any(overseer) || m.Publisher == c.client:
			out.Messages = append(out.Messages, MessageOf(s.latest(m)))
		}
	}
	return jsonAnswer(http.StatusOK, out)
}

// listDeliveries tells what became of each recipient's delivery.
func (s *Server) listDeliveries(c *call) (answer, error) {
	p, err := pageOf(c.r.URL.RawQuery, parsePosition)
	if err != nil {
		return answer{}, err
	}
	history, err := boolOf(c, "history")
	if err != nil {
		return answer{}, err
	}
	if history {
		p.limit = min(p.limit, maxHistories)
	}
	found, next, err := s.deps.Messages.Deliveries(c.umid, int(p.after), p.limit)
	if err != nil {
		return answer{}, err
	}
	list := v1.DeliveryList{Deliveries: []v1.Delivery{}}
	if next > 0 {
		list.Next = optional(strconv.Itoa(next))
	}
	for _, d := range found {
		list.Deliveries = append(list.Deliveries, deliveryOf(d))
	}
	if history {
		if err := s.tellSteps(c, list.Deliveries); err != nil {
			return answer{}, err
		}
	}
	return jsonAnswer(http.StatusOK, list)
}

// MessageOf is how a message stands, as the API says it.
func MessageOf(m index.Summary) v1.Message {
	out := v1.Message{
		UMID:        string(m.UMID),
		Room:        string(m.Room),
		Type:        string(m.Type),
		Lane:        v1.Lane(m.Lane),
		Direct:      m.Direct,
		State:       stateOf(m),
		Control:     controlOf(m.Control),
		ReceivedAt:  moment(m.ReceivedAt),
		ExpiresAt:   moment(m.ExpiresAt),
		Recipients:  m.Recipients,
		Status:      countsOf(m.Counts),
		Undecided:   m.Undecided,
		FirstSentAt: optionalTime(m.FirstSentAt),
		FinishedAt:  optionalTime(m.FinishedAt),
		ErasedAt:    moment(m.ErasedAt),
		Policy:      v1.Policy{Name: m.Policy.Name, Revision: m.Policy.Revision},
	}
	tellWaiting(&out, m)
	return out
}

func deliveryOf(d index.Delivery) v1.Delivery {
	return v1.Delivery{
		Number:   d.N,
		Channel:  v1.Channel(d.Channel),
		Status:   v1.Status(d.Status),
		Reason:   v1.DeliveryReason(d.Reason),
		Dropped:  d.Dropped,
		Attempt:  d.Attempt,
		Round:    d.Round,
		At:       moment(d.At),
		QueuedAt: moment(d.QueuedAt),
		SentAt:   moment(d.SentAt),
		RetryAt:  retryAt(d),
	}
}

// retryAt is when the next attempt is to be made; zero of what is done with.
func retryAt(d index.Delivery) time.Time {
	if d.Terminal() {
		return time.Time{}
	}
	return moment(d.RetryAt)
}

// optionalTime is nil for what has not happened.
func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = moment(t)
	return &t
}

func countsOf(c index.Counts) v1.Counts {
	return v1.Counts{
		Pending: c.Pending, Queued: c.Queued, Sent: c.Sent,
		Delivered: c.Delivered, Errored: c.Errored, Failed: c.Failed,
	}
}
