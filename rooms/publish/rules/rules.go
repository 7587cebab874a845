package rules

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/templates"
)

// Asker calls the application that a policy names, and gives the status and the body of its answer.
type Asker interface {
	Ask(ctx context.Context, to rooms.Address, id string, body []byte) (status int, answer []byte, err error)
}

// maxSchemas is how many compiled schemas are at hand.
const maxSchemas = 1_000

// Rules applies what policies say of messages that are to be accepted.
type Rules struct {
	Asker Asker
	Rooms Rooms  // whose event types hold beside the policies; nil: none do
	Drill string // the word with which every text of a drill begins

	mu      sync.RWMutex
	schemas map[schemaOf]*Schema
}

// schemaOf names a schema: a revision that applies never changes.
type schemaOf struct {
	rooms.Revision
	kind rooms.Type
}

var _ publish.Rules = (*Rules)(nil)

// Check says why a message is not let in: a *Refusal. The id is that of the message's transaction.
func (r *Rules) Check(ctx context.Context, p rooms.Policy, m publish.Request, id string) error {
	if p.Lanes != nil {
		if _, ok := p.Lanes[m.Lane]; !ok {
			return refuse(ErrLane, "/lane", "the room's policy does not have this lane")
		}
	}
	if p.Content != (rooms.ContentLimits{}) || m.Exercise {
		if err := r.length(p.Content, m); err != nil {
			return err
		}
	}
	if len(p.Types) > 0 {
		if err := r.kind(p, m); err != nil {
			return err
		}
	}
	if err := r.event(ctx, m); err != nil {
		return err
	}
	if !p.Check.Asks() {
		return nil
	}
	return r.ask(ctx, p.Check, m, id)
}

// length measures the content as it was published, and what of it becomes an SMS, in every language. A template for all
// subscribers is measured as it stands: what is known of them is not known here.
func (r *Rules) length(limit rooms.ContentLimits, m publish.Request) error {
	if limit.Bytes > 0 && len(m.Content) > limit.Bytes {
		return refuse(ErrLong, "/content", fmt.Sprintf("%d bytes, of which the room's policy allows %d", len(m.Content), limit.Bytes))
	}
	counts := limit.Segments > 0 && mayTakeSMS(m)
	if !counts && !m.Exercise {
		return nil
	}
	c, err := rooms.DecodeContent(m.Content)
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	if c.Mustache && m.Direct {
		return r.lengthSaid(limit, c, m)
	}
	if !counts {
		limit.Segments = math.MaxInt
	}
	err = r.lengthIn(limit, c, m, "/content")
	for i, p := range c.Places {
		err = cmp.Or(err, r.lengthIn(limit, p.Says, m, fmt.Sprintf("/content/places/%d", i)))
	}
	return err
}

// lengthIn measures a content at a place in every language.
func (r *Rules) lengthIn(limit rooms.ContentLimits, c rooms.Content, m publish.Request, at string) error {
	for _, language := range append([]string{""}, slices.Sorted(maps.Keys(c.Languages))...) {
		said, err := r.said(c.In(language), m)
		if err != nil && !c.Mustache {
			return refuse(ErrLong, at, "longer than a text may be, with the word that tells a drill")
		}
		n := rooms.Segments(limit.SMS(said.ShortText().Reveal()))
		if n <= limit.Segments {
			continue
		}
		if language != "" {
			at += "/languages/" + language
		}
		if said.SMS.IsZero() {
			return tooLong(limit, at+"/text", n)
		}
		return tooLong(limit, at+"/sms", n)
	}
	return nil
}

// said is what is said of a content in the end: a drill says so.
func (r *Rules) said(c rooms.Content, m publish.Request) (rooms.Content, error) {
	if !m.Exercise {
		return c, nil
	}
	return c.Drill(r.Drill)
}

// lengthSaid measures what is said to each recipient. To whom it cannot be said, nothing is.
func (r *Rules) lengthSaid(limit rooms.ContentLimits, c rooms.Content, m publish.Request) error {
	if limit.Segments == 0 {
		return nil
	}
	said, faults := templates.Compile(c, "")
	if len(faults) > 0 {
		return fmt.Errorf("rules: %w", templates.ErrTemplate)
	}
	for i, one := range m.Recipients {
		if !takesSMS(one) {
			continue
		}
		text, err := said.For(one, rooms.SMS)
		if err == nil {
			text, err = r.said(text, m)
		}
		if err == nil {
			if n := rooms.Segments(limit.SMS(text.ShortText().Reveal())); n > limit.Segments {
				return tooLong(limit, fmt.Sprintf("/recipients/%d", i), n)
			}
		}
	}
	return nil
}

func tooLong(limit rooms.ContentLimits, at string, n int) error {
	return refuse(ErrLong, at, fmt.Sprintf("%d segments of an SMS, of which the room's policy allows %d", n, limit.Segments))
}

// mayTakeSMS says whether a recipient may be reached by SMS; of a room's subscribers it is not known.
func mayTakeSMS(m publish.Request) bool {
	return !m.Direct || slices.ContainsFunc(m.Recipients, takesSMS)
}

func takesSMS(c rooms.Contact) bool {
	return c.Channel == rooms.SMS || slices.ContainsFunc(c.Others, func(e rooms.Endpoint) bool { return e.Channel == rooms.SMS })
}

// kind looks for the type, and compares the content with its schema.
func (r *Rules) kind(p rooms.Policy, m publish.Request) error {
	i := slices.IndexFunc(p.Types, func(t rooms.MessageType) bool { return t.Type == m.Type })
	if i < 0 {
		return refuse(ErrType, "/type", "the room's policy does not have this type")
	}
	if len(p.Types[i].Schema) == 0 {
		return nil
	}
	s, err := r.schema(schemaOf{p.Revision, m.Type}, p.Types[i].Schema, CompileSchema)
	if err != nil {
		return err
	}
	if faults := s.Faults("/content", m.Content); len(faults) > 0 {
		return &Refusal{ErrContent, faults}
	}
	return nil
}

// schema compiles a schema, unless it is at hand.
func (r *Rules) schema(name schemaOf, raw []byte, compile func([]byte) (*Schema, error)) (*Schema, error) {
	r.mu.RLock()
	s, ok := r.schemas[name]
	r.mu.RUnlock()
	if ok {
		return s, nil
	}
	s, err := compile(raw)
	if err != nil {
		return nil, fmt.Errorf("rules: a schema that was taken: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.schemas == nil || len(r.schemas) >= maxSchemas {
		r.schemas = map[schemaOf]*Schema{}
	}
	r.schemas[name] = s
	return s, nil
}
