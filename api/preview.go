package api

import (
	"context"
	"net/http"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
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
	t := newTally(m.Said, s.options.Prices)
	if m.direct {
		for _, r := range m.Recipients {
			t.count(r.Channel)
			t.examine(r)
		}
	} else if err := s.countRoom(c, t); err != nil {
		return answer{}, err
	}
	p := t.preview()
	p.Room, p.Direct, p.SendAt = string(c.room.Name), m.direct, moment(s.now())
	p.Faulty, p.Rows = m.rows.Count, m.rows.First()
	p.Incomplete += m.incomplete
	if m.direct && len(m.Recipients) > 0 {
		p.Sample = sampleOf(m)
	}
	return jsonAnswer(http.StatusOK, p)
}

// countRoom takes the subscribers of a room: all are counted, and so many of them examined.
func (s *Server) countRoom(c *call, t *tally) error {
	ctx, cancel := context.WithTimeout(c.context(), s.options.AnswerTimeout/2)
	defer cancel()
	select {
	case s.counting <- struct{}{}:
		defer func() { <-s.counting }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.deps.Subscribers.Each(ctx, c.room.Name, func(ch rooms.Channel, open func() (rooms.Contact, error)) error {
		t.count(ch)
		if t.examined >= s.options.PreviewLimit {
			return nil
		}
		contact, err := open()
		if err != nil {
			return err
		}
		t.examine(contact)
		return nil
	})
}

// sampleOf is what is said to the first recipient, whom the caller has named himself.
func sampleOf(m intake) v1.PreviewSample {
	to := m.Recipients[0]
	said, err := m.Said.For(to, to.Channel)
	if err != nil {
		return v1.PreviewSample{}
	}
	sample := v1.PreviewSample{Channel: v1.Channel(to.Channel), Language: to.Language}
	if to.Channel == rooms.SMS {
		sample.Content = v1.Text{SMS: said.ShortText().Reveal()}
		return sample
	}
	sample.Content = v1.Text{Subject: said.Subject.Reveal(), Text: said.Text.Reveal(), HTML: said.HTML.Reveal()}
	return sample
}
