package api

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

func (e peopleFake) Get(ctx context.Context, room rooms.Room, id rooms.SubscriberID) (rooms.Subscriber, rooms.Subscription, error) {
	return e.Update(ctx, room, id, 0, func(*rooms.Subscriber, *rooms.Subscription) error { return nil })
}

func (e peopleFake) Find(ctx context.Context, room rooms.Room, id rooms.SubscriberID, _ rooms.Endpoint) (rooms.Subscriber, error) {
	if id == "unsure" {
		return rooms.Subscriber{}, registry.ErrLink
	}
	s, _, err := e.Get(ctx, room, id)
	s.ID, s.Room = id, room
	return s, err
}

func (e peopleFake) Update(_ context.Context, _ rooms.Room, id rooms.SubscriberID, entry uint64, change registry.Change) (rooms.Subscriber, rooms.Subscription, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s, ok := e.people[id]
	if !ok {
		return s, rooms.Subscription{}, registry.ErrUnknownSubscriber
	}
	if entry != 0 && entry != s.Sequence {
		return s, rooms.Subscription{}, registry.ErrRevision
	}
	at, _ := rooms.ParseEmail("a@example.com")
	p := rooms.Subscription{
		Contact: rooms.Contact{Channel: rooms.Email, Address: at, Language: "ky", Values: map[string]rooms.Body{"district": rooms.NewBody("emme")}},
		Consent: rooms.Consent{By: cmp.Or(e.witness, "boss"), At: noon(), Purpose: "reminders"},
	}
	if err := change(&s, &p); err != nil {
		return s, p, err
	}
	e.people[id] = s
	return s, p, e.err
}

func (e peopleFake) Pause(ctx context.Context, room rooms.Room, id rooms.SubscriberID, until time.Time) (rooms.Subscriber, rooms.Subscription, error) {
	return e.Update(ctx, room, id, 0, func(s *rooms.Subscriber, _ *rooms.Subscription) error {
		if s.State == rooms.SubscriberRequested {
			return registry.ErrSubscriberState
		}
		s.State, s.Until = rooms.SubscriberPaused, until
		return nil
	})
}

func (e peopleFake) Resume(ctx context.Context, room rooms.Room, id rooms.SubscriberID) (rooms.Subscriber, rooms.Subscription, error) {
	return e.Update(ctx, room, id, 0, func(s *rooms.Subscriber, _ *rooms.Subscription) error {
		s.State = rooms.SubscriberActive
		return nil
	})
}

func (e peopleFake) Ask(_ context.Context, room rooms.RoomConfig, p rooms.Subscription) (rooms.SubscriberID, error) {
	if room.Join == rooms.JoinClosed {
		return "", registry.ErrClosed
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.contacts = append(e.contacts, p.Contact)
	return subscriber, e.err
}

func (e peopleFake) Invite(ctx context.Context, room rooms.RoomConfig, p rooms.Subscription) (rooms.Subscriber, error) {
	s, _, err := e.Subscribe(ctx, room.Name, p)
	s.State, s.Invitation = rooms.SubscriberInvited, rooms.Invitation{At: noon(), Until: noon().Add(48 * time.Hour)}
	return s, err
}

func (e peopleFake) Approve(ctx context.Context, room rooms.RoomConfig, id rooms.SubscriberID) (rooms.Subscriber, error) {
	s, _, err := e.Get(ctx, room.Name, id)
	return s, err
}

func (e peopleFake) Decline(ctx context.Context, room rooms.RoomConfig, id rooms.SubscriberID) error {
	return e.Remove(ctx, room.Name, id)
}

// goodCode is the code of every invitation.
const goodCode = "7KQM-3XVB"

func (e peopleFake) ConfirmByLink(ctx context.Context, room rooms.Room, id rooms.SubscriberID, code string) (rooms.Subscriber, error) {
	return e.Confirm(ctx, room, id, code)
}

func (e peopleFake) Confirm(_ context.Context, _ rooms.Room, id rooms.SubscriberID, code string) (rooms.Subscriber, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if code != goodCode {
		return rooms.Subscriber{}, registry.ErrCode
	}
	return e.people[id], e.err
}

// linksFake has tokens in the clear: good, and good.CODE.
type linksFake struct{}

func (linksFake) OpenLeave(token string) (rooms.Room, rooms.SubscriberID, rooms.Endpoint, error) {
	switch token {
	case "good":
		return "newborn", subscriber, rooms.Endpoint{}, nil
	case "unsure":
		return "newborn", "unsure", rooms.Endpoint{}, nil
	}
	return "", "", rooms.Endpoint{}, registry.ErrLink
}

func (linksFake) OpenConfirm(token string) (rooms.Room, rooms.SubscriberID, string, error) {
	code, ok := strings.CutPrefix(token, "good.")
	if !ok {
		return "", "", "", registry.ErrLink
	}
	return "newborn", subscriber, code, nil
}

// open lets everybody ask to come into a room.
func (e *engine) open(room rooms.Room) {
	r := e.rooms[room]
	r.Join = rooms.JoinOpen
	e.rooms[room] = r
}

// suppressionsFake knows one address.
type suppressionsFake struct{ *engine }

func knownSuppression() rooms.Suppression {
	return rooms.Suppression{ID: subscriber, Channel: rooms.Email, Reason: rooms.NoMailbox, Since: noon(), Until: noon().Add(720 * time.Hour), Times: 1, Entry: 3}
}

func (suppressionsFake) Find(at rooms.Endpoint) (rooms.Suppression, error) {
	if at.Address.Same() != "a@example.com" {
		return rooms.Suppression{}, registry.ErrUnknownSuppression
	}
	return knownSuppression(), nil
}

// Stops says that c@example.com wants nothing more of the first two rooms, and a@example.com of the first.
func (suppressionsFake) Stops(all []rooms.RoomConfig, at rooms.Endpoint) (stops []rooms.Suppression) {
	of := map[string]int{"a@example.com": 1, "c@example.com": 2}[at.Address.Reveal()]
	for _, room := range all[:min(of, len(all))] {
		one := knownSuppression()
		one.Room, one.Reason = room.Name, "stopped"
		stops = append(stops, one)
	}
	return stops
}

func (suppressionsFake) Holds(at rooms.Endpoint) bool {
	return at.Address.Same() == "refused@example.com"
}

func (suppressionsFake) Stopped(room rooms.Room, at rooms.Endpoint) bool {
	return room == "newborn" && at.Address.Same() == "stopped@example.com"
}

func (suppressionsFake) List(after uint64, limit int) ([]rooms.Suppression, uint64) {
	if after > 0 {
		return nil, 0
	}
	return []rooms.Suppression{knownSuppression()}, 3
}

func (suppressionsFake) Remove(_ context.Context, id rooms.SuppressionID) error {
	if id != subscriber {
		return registry.ErrUnknownSuppression
	}
	return nil
}

// personsFake knows one person.
type personsFake struct{ *engine }

func (e personsFake) Export(ctx context.Context, _ rooms.Endpoint) (registry.PersonData, error) {
	s, p, err := peopleFake(e).Get(ctx, "newborn", subscriber)
	one := knownSuppression()
	return registry.PersonData{
		Subscriptions: []registry.Found{{Subscriber: s, Subscription: p}}, Suppression: &one,
		Waiting: []registry.Waiting{{Job: rooms.Job{UMID: umid, Room: "newborn", Channel: rooms.Email}}},
	}, err
}

func (e personsFake) Erase(ctx context.Context, at rooms.Endpoint) (registry.PersonData, error) {
	data, err := e.Export(ctx, at)
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.people)
	return data, err
}
