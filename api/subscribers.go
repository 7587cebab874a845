package api

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// addSubscribers takes one person as JSON, or a stream of them as NDJSON or CSV.
func (s *Server) addSubscribers(c *call) (answer, error) {
	switch kind, err := mediaType(c.r.Header); {
	case err != nil:
		return answer{}, err
	case kind == jsonType:
		return s.addSubscriber(c)
	case kind == ndjsonType, kind == csvType:
		return s.upload(c, request.Form{CSV: kind == csvType, Now: s.now()})
	}
	return answer{}, problem.Of(v1.ProblemCodeUnsupportedMediaType)
}

func (s *Server) addSubscriber(c *call) (answer, error) {
	body, err := s.readAll(c)
	if err != nil {
		return answer{}, err
	}
	person, err := request.ParseSubscriber(body, s.now())
	if err != nil {
		return answer{}, err
	}
	s.witness(c, &person.Subscription)
	ctx, cancel := s.beyond(c)
	defer cancel()
	if person.Confirm {
		invited, err := s.deps.Invitations.Invite(ctx, c.room, person.Subscription)
		if err != nil {
			return answer{}, err
		}
		c.subscriber = invited.ID
		return jsonAnswer(http.StatusOK, subscriberOf(invited))
	}
	added, created, err := s.deps.Subscribers.Subscribe(ctx, c.room.Name, person.Subscription)
	if err != nil {
		return answer{}, err
	}
	c.subscriber = added.ID
	if created {
		return jsonAnswer(http.StatusCreated, subscriberOf(added))
	}
	return jsonAnswer(http.StatusOK, subscriberOf(added))
}

// witness notes who says that a person consents, and since when. Only what the caller says himself of the time tells that
// the person has wanted it since he left.
func (s *Server) witness(c *call, p *rooms.Subscription) {
	p.Consent.By, p.Wanted = c.client, p.Consent.At
	if p.Consent.At.IsZero() {
		p.Consent.At = s.now().UTC().Truncate(time.Millisecond)
	}
}

// listSubscribers shows ids, channels and states, never a contact.
func (s *Server) listSubscribers(c *call) (answer, error) {
	p, err := pageOf(c.r.URL.RawQuery, parsePosition)
	if err != nil {
		return answer{}, err
	}
	found, next, err := s.deps.Subscribers.List(c.context(), c.room.Name, p.after, p.limit)
	if err != nil {
		return answer{}, err
	}
	list := v1.SubscriberList{Subscribers: []v1.Subscriber{}}
	if next > 0 {
		list.Next = optional(strconv.FormatUint(next, 10))
	}
	for _, one := range found {
		list.Subscribers = append(list.Subscribers, subscriberOf(one))
	}
	return jsonAnswer(http.StatusOK, list)
}

// seek reads the subscriber that the path names.
func (c *call) seek() (rooms.SubscriberID, error) {
	id, err := parameter("subscriber", mux.Vars(c.r)["subscriber"], rooms.ParseSubscriberID)
	c.subscriber = id
	return id, err
}

// removeSubscriber is for admins, and for the client that has recorded the person's consent: who asks for a subscription may
// end it. To others it does not say who is there.
func (s *Server) removeSubscriber(c *call) (answer, error) {
	id, err := c.seek()
	if err != nil && !c.has.any(platformAdmin|roomAdmin) {
		return answer{}, problem.Of(v1.ProblemCodeForbidden)
	}
	if err != nil {
		return answer{}, err
	}
	if !c.has.any(platformAdmin | roomAdmin) {
		switch _, p, err := s.deps.Subscribers.Get(c.context(), c.room.Name, id); {
		case err != nil && !errors.Is(err, registry.ErrUnknownSubscriber):
			return answer{}, err
		case err != nil || p.Consent.By != c.client:
			return answer{}, problem.Of(v1.ProblemCodeForbidden)
		}
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	if err := s.deps.Subscribers.Remove(ctx, c.room.Name, id); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

func (s *Server) getSubscriber(c *call) (answer, error) {
	id, err := c.seek()
	if err != nil {
		return answer{}, err
	}
	sub, p, err := s.deps.Subscribers.Get(c.context(), c.room.Name, id)
	return personAnswer(c, sub, p, err)
}

// changeSubscriber changes what is named, of what the caller has read if he says so.
func (s *Server) changeSubscriber(c *call) (answer, error) {
	id, err := c.seek()
	if err != nil {
		return answer{}, err
	}
	entry := uint64(0)
	if len(c.r.Header.Values("If-Match")) > 0 {
		if entry, err = ifMatch(c.r.Header); err != nil {
			return answer{}, err
		}
	}
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	wanted, err := request.ParseSubscriberChange(body, s.now())
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	sub, p, err := s.deps.Subscribers.Update(ctx, c.room.Name, id, entry, func(_ *rooms.Subscriber, p *rooms.Subscription) error {
		before := p.Consent
		err := wanted.Apply(p)
		if p.Consent != before {
			s.witness(c, p)
		}
		return err
	})
	return personAnswer(c, sub, p, refusedChange(err))
}

func refusedChange(err error) error {
	for pointer, known := range map[string]error{"": request.ErrFirstContact, "/channels": request.ErrChannels} {
		if errors.Is(err, known) {
			return problem.Faults(v1.ProblemCodeInvalidRequest,
				rooms.Fault{Pointer: pointer, Code: string(v1.FaultCodeInvalidValue), Detail: known.Error()})
		}
	}
	return err
}

func (s *Server) pauseSubscriber(c *call) (answer, error) {
	id, err := c.seek()
	if err != nil {
		return answer{}, err
	}
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	until, err := request.ParsePause(body, s.now())
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	sub, p, err := s.deps.Subscribers.Pause(ctx, c.room.Name, id, until)
	return personAnswer(c, sub, p, err)
}

func (s *Server) resumeSubscriber(c *call) (answer, error) {
	id, err := c.seek()
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	sub, p, err := s.deps.Subscribers.Resume(ctx, c.room.Name, id)
	return personAnswer(c, sub, p, err)
}

// personAnswer shows what is known of one subscriber, but for contacts, name and values.
func personAnswer(c *call, sub rooms.Subscriber, p rooms.Subscription, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	c.w.Header().Set("ETag", `"`+strconv.FormatUint(sub.Sequence, 10)+`"`)
	one := subscriberOf(sub)
	for _, e := range p.Contact.Endpoints() {
		one.Channels = append(one.Channels, v1.Channel(e.Channel))
	}
	for _, k := range p.Contact.Keys {
		one.Encryption = append(one.Encryption, v1.KeyKind(k.Kind))
	}
	one.Language, one.Attributes = p.Contact.Language, p.Contact.Names()
	if p.Consent != (rooms.Consent{}) {
		one.Consent = consentOf(p.Consent)
	}
	return jsonAnswer(http.StatusOK, one)
}

func subscriberOf(s rooms.Subscriber) v1.Subscriber {
	one := v1.Subscriber{
		ID: string(s.ID), Channel: v1.Channel(s.Channel), Since: moment(s.Since),
		State: v1.SubscriberState(s.State.String()), Until: optionalTime(s.Until),
	}
	if s.State == rooms.SubscriberInvited {
		one.Until = optionalTime(s.Invitation.Until)
	}
	return one
}
