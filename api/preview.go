package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish"
)

// previewsAtOnce is how many rooms a node counts at the same time.
const previewsAtOnce = 2

// preview says what publishing a message would do. Nothing is kept, and nothing is sent.
func (s *Server) preview(c *call) (answer, error) {
	c.reads = true
	m, err := s.intake(c)
	if err != nil {
		return answer{}, err
	}
	if m.direct && !c.has.any(direct) {
		return answer{}, problem.Of(v1.ProblemCodeDirectForbidden)
	}
	policy, err := s.deps.Policies.Current(c.context(), c.room.Policy)
	if err != nil && m.Lane != rooms.Emergency { // which goes out whatever its rules
		return answer{}, err
	}
	say := s.sayer(m)
	t := newTally(say, s.silent(c.room.Name, m), s.options.Prices, policy.Content)
	if m.direct {
		for _, r := range m.Recipients {
			t.count(r.Channel)
			t.examine(r)
		}
	} else if err := s.countRoom(c, t, m.Audience); err != nil {
		return answer{}, err
	}
	p := t.preview()
	p.Room, p.Direct = string(c.room.Name), m.direct
	if p.SendAt, err = s.sendAt(policy, m); err != nil {
		return answer{}, err
	}
	p.Faulty, p.Rows = m.rows.Count, m.rows.First()
	p.Incomplete += m.incomplete
	if m.direct && len(m.Recipients) > 0 {
		p.Sample = sampleOf(say, m.Recipients[0], policy.Content)
	}
	return jsonAnswer(http.StatusOK, p)
}

// errEmpty says that nothing is left of a text, as it would be said to somebody.
var errEmpty = errors.New("api: the text comes out empty")

// silent says whether nothing would be sent to somebody on his first channel, as of a message that is published now.
func (s *Server) silent(room rooms.Room, m intake) func(rooms.Contact) bool {
	return func(to rooms.Contact) bool {
		at := rooms.Endpoint{Channel: to.Channel, Address: to.Address}
		return m.Lane != rooms.Emergency && (s.deps.Silences.Holds(at) || m.direct && s.deps.Silences.Stopped(room, at))
	}
}

// sayer says a message to somebody, on his first channel, as it is sent: a drill with the word that tells it.
func (s *Server) sayer(m intake) func(rooms.Contact) (rooms.Content, error) {
	return func(to rooms.Contact) (rooms.Content, error) {
		said, err := m.Said.For(to, to.Channel)
		switch {
		case err != nil:
		case !said.For(to.Channel) && m.Said.Has(to, to.Channel):
			err = errEmpty
		case m.Exercise:
			return said.Drill(s.deps.Drill)
		}
		return said, err
	}
}

// sendAt is when the first would be sent: later if the message says so, or the policy has quiet hours.
func (s *Server) sendAt(policy rooms.Policy, m intake) (time.Time, error) {
	at := s.now()
	if m.SendAt.After(at) {
		at = m.SendAt
	}
	if m.Lane == rooms.Emergency {
		return moment(at), nil
	}
	next, ok := policy.Times.Next(at)
	if !ok {
		return at, publish.ErrNever
	}
	return moment(next), nil
}

// countRoom takes those subscribers of a room who would get the message: all are counted, and so many of them examined.
func (s *Server) countRoom(c *call, t *tally, audience rooms.Audience) error {
	ctx, cancel := context.WithTimeout(c.context(), s.options.AnswerTimeout/2)
	defer cancel()
	select {
	case s.counting <- struct{}{}:
		defer func() { <-s.counting }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.deps.Subscribers.Each(ctx, c.room.Name, func(ch rooms.Channel, open func() (rooms.Contact, error)) error {
		enough := t.examined >= s.options.PreviewLimit
		if enough && audience == nil {
			t.count(ch)
			return nil
		}
		contact, err := open()
		if err != nil || !audience.Takes(contact) {
			return err
		}
		if t.count(ch); !enough {
			t.examine(contact)
		}
		return nil
	})
}

// sampleOf is what is said to the first recipient, whom the caller has named himself.
func sampleOf(say func(rooms.Contact) (rooms.Content, error), to rooms.Contact, limits rooms.ContentLimits) v1.PreviewSample {
	said, err := say(to)
	if err != nil {
		return v1.PreviewSample{}
	}
	sample := v1.PreviewSample{Channel: v1.Channel(to.Channel), Language: to.Language}
	if to.Channel == rooms.SMS {
		sample.Content = v1.Text{SMS: limits.SMS(said.ShortText().Reveal())}
		return sample
	}
	sample.Content = v1.Text{Subject: said.Subject.Reveal(), Text: said.Text.Reveal(), HTML: said.HTML.Reveal()}
	return sample
}
