package registry

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// Courier brings an invitation to a person. Bringing the same one twice changes nothing.
type Courier interface {
	Bring(ctx context.Context, i Invite) error
}

// Invite is what a person is told who is invited to a room.
type Invite struct {
	Room       rooms.RoomConfig
	Subscriber rooms.SubscriberID
	To         rooms.Contact
	Code       string
	rooms.Invitation
}

// Invitations has people confirm that they want what is published in a room: crier sends a code to the contact, and
// only who has the code makes the person a subscriber. A code is good for some time and few tries; wrong ones are
// counted in the entry itself, so that no node forgets them. What it answers is the same whether or not a contact was
// subscribed before; how long it takes may differ.
type Invitations struct {
	Subscribers *Subscribers
	Courier     Courier
	Options     InvitationOptions
}

// Ask has a person come in who wants to, as the room allows, or says ErrClosed. It gives the id under which he confirms.
// What is asked last of who has not confirmed is what he will be in with; only the contact that the code goes to is
// taken, since nothing proves that others are his.
func (i *Invitations) Ask(ctx context.Context, room rooms.RoomConfig, p rooms.Subscription) (rooms.SubscriberID, error) {
	p.Contact.Others = nil
	switch room.Join {
	case rooms.JoinOpen:
		sub, err := i.invite(ctx, room, p, asks(p))
		return sub.ID, err
	case rooms.JoinApproval:
		return i.request(ctx, room.Name, p)
	}
	return "", ErrClosed
}

// asks says a person anew, but for the other contacts, which only an admin gives.
func asks(p rooms.Subscription) func(*rooms.Subscription) {
	return func(known *rooms.Subscription) {
		others := known.Contact.Others
		*known = p
		known.Contact.Others = others
	}
}

// request has a person wait to be approved.
func (i *Invitations) request(ctx context.Context, room rooms.Room, p rooms.Subscription) (rooms.SubscriberID, error) {
	sub, created, err := i.Subscribers.enter(ctx, room, p, func(s *rooms.Subscriber) { s.State = rooms.SubscriberRequested })
	if err != nil || created || !sub.Waits() {
		return sub.ID, err
	}
	_, _, err = i.Subscribers.Update(ctx, room, sub.ID, 0, func(s *rooms.Subscriber, known *rooms.Subscription) error {
		if !s.Waits() {
			return errNothing
		}
		asks(p)(known)
		return nil
	})
	return sub.ID, unless(err, errNothing)
}

// Invite sends a code to a person who is no subscriber yet, and says anew what is known of him; who is invited already
// gets another one when that has had its time. The code proves the first contact; others are the admin's to answer for.
func (i *Invitations) Invite(ctx context.Context, room rooms.RoomConfig, p rooms.Subscription) (rooms.Subscriber, error) {
	return i.invite(ctx, room, p, func(known *rooms.Subscription) { *known = p })
}

func (i *Invitations) invite(ctx context.Context, room rooms.RoomConfig, p rooms.Subscription, anew func(*rooms.Subscription)) (rooms.Subscriber, error) {
	invitation := i.fresh()
	sub, created, err := i.Subscribers.enter(ctx, room.Name, p, func(s *rooms.Subscriber) {
		s.State, s.Invitation = rooms.SubscriberInvited, invitation
	})
	if err != nil || !created && !sub.Waits() {
		return sub, err
	}
	if created {
		anew = nil
	}
	return i.bring(ctx, room, sub, anew)
}

// Approve invites a person who has asked.
func (i *Invitations) Approve(ctx context.Context, room rooms.RoomConfig, id rooms.SubscriberID) (rooms.Subscriber, error) {
	sub, _, err := i.Subscribers.Update(ctx, room.Name, id, 0, func(s *rooms.Subscriber, _ *rooms.Subscription) error {
		switch s.State {
		case rooms.SubscriberRequested:
			s.State, s.Invitation = rooms.SubscriberInvited, i.fresh()
		case rooms.SubscriberInvited:
		default:
			return ErrSubscriberState
		}
		return nil
	})
	if err != nil {
		return sub, err
	}
	return i.bring(ctx, room, sub, nil)
}

// Decline erases who has asked and was not let in.
func (i *Invitations) Decline(ctx context.Context, room rooms.RoomConfig, id rooms.SubscriberID) error {
	sub, err := i.Subscribers.one(ctx, room.Name, id)
	if err != nil {
		return err
	}
	if sub.State != rooms.SubscriberRequested && sub.State != rooms.SubscriberInvited {
		return ErrSubscriberState
	}
	return i.Subscribers.remove(ctx, room.Name, id, func(context.Context, rooms.Subscriber) error { return nil })
}

func (i *Invitations) fresh() rooms.Invitation {
	now := i.Subscribers.moment()
	return rooms.Invitation{Nonce: rand.Text(), At: now, Until: now.Add(i.Options.ValidFor)}
}

// bring sends the code of an entry, of a new invitation if the present one has had its time; and first says anew who
// waits, if there is something to say.
func (i *Invitations) bring(ctx context.Context, room rooms.RoomConfig, sub rooms.Subscriber, anew func(*rooms.Subscription)) (rooms.Subscriber, error) {
	sub, p, err := i.Subscribers.Update(ctx, room.Name, sub.ID, 0, func(s *rooms.Subscriber, p *rooms.Subscription) error {
		over := s.State == rooms.SubscriberRequested || !i.Subscribers.now().Before(s.Invitation.At.Add(i.Options.Again))
		if !s.Waits() || anew == nil && (!over || s.State == rooms.SubscriberRequested) {
			return errNothing
		}
		if anew != nil {
			anew(p)
		}
		if over {
			s.State, s.Invitation = rooms.SubscriberInvited, i.fresh()
		}
		return nil
	})
	if err != nil && !errors.Is(err, errNothing) || sub.State != rooms.SubscriberInvited {
		return sub, unless(err, errNothing)
	}
	return sub, i.Courier.Bring(ctx, Invite{
		Room: room, Subscriber: sub.ID, To: p.Contact, Code: i.codes(sub)[0], Invitation: sub.Invitation,
	})
}

// errNothing says that an entry stays as it is.
var errNothing = errors.New("registry: nothing to change")

func unless(err, known error) error {
	if errors.Is(err, known) {
		return nil
	}
	return err
}

// Confirm makes a person who shows the code an active subscriber, or says ErrCode, whatever is wrong. Each wrong code
// is on disk before it is answered. The right one may be shown again as long as it is good.
func (i *Invitations) Confirm(ctx context.Context, room rooms.Room, id rooms.SubscriberID, code string) (rooms.Subscriber, error) {
	return i.confirm(ctx, room, id, code, false)
}

// ConfirmByLink does so with the code of a link, which nobody guesses: so it is good however many tries others have made, and
// one that is not costs none.
func (i *Invitations) ConfirmByLink(ctx context.Context, room rooms.Room, id rooms.SubscriberID, code string) (rooms.Subscriber, error) {
	return i.confirm(ctx, room, id, code, true)
}

func (i *Invitations) confirm(ctx context.Context, room rooms.Room, id rooms.SubscriberID, code string, sealed bool) (rooms.Subscriber, error) {
	for {
		sub, err := i.Subscribers.one(ctx, room, id)
		switch {
		case errors.Is(err, ErrUnknownSubscriber):
			return sub, ErrCode
		case err != nil:
			return sub, err
		}
		sub, err = i.answer(ctx, sub, code, sealed)
		if !errors.Is(err, stream.ErrRevision) {
			return sub, err
		}
	}
}

// answer compares a code and stores what follows, if the entry is still what was read.
func (i *Invitations) answer(ctx context.Context, sub rooms.Subscriber, code string, sealed bool) (rooms.Subscriber, error) {
	good := i.good(sub, code)
	switch {
	case sub.State == rooms.SubscriberActive && good:
		return sub, nil
	case sealed && (!good || sub.State != rooms.SubscriberInvited), !sealed && !i.open(sub):
		return sub, ErrCode
	}
	p, err := openPerson(i.Subscribers.vault, sub)
	if err != nil {
		return sub, err
	}
	if good {
		sub.State, sub.Since = rooms.SubscriberActive, i.Subscribers.moment()
		if p.Consent.At.IsZero() {
			p.Consent.At = sub.Since
		}
		return i.Subscribers.replace(ctx, sub, p)
	}
	sub.Invitation.Tries++
	if sub, err = i.Subscribers.replace(ctx, sub, p); err != nil {
		return sub, err
	}
	return sub, ErrCode
}

// open says whether a code may be tried.
func (i *Invitations) open(sub rooms.Subscriber) bool {
	return sub.State == rooms.SubscriberInvited && sub.Invitation.Tries < i.Options.Tries && i.Subscribers.now().Before(sub.Invitation.Until)
}

// good says whether a code is that of an entry, in time that does not depend on how much of it is right.
func (i *Invitations) good(sub rooms.Subscriber, code string) bool {
	code, _ = rooms.ParseCode(code)
	given := []byte(code)
	if sub.Invitation.Nonce == "" || !i.Subscribers.now().Before(sub.Invitation.Until) {
		return false
	}
	found := 0
	for _, c := range i.codes(sub) {
		found |= subtle.ConstantTimeCompare(given, []byte(strings.ReplaceAll(c, "-", "")))
	}
	return found == 1
}

// codes are the code of an entry under each key in use, the primary first, such as 7KQM-3XVB.
func (i *Invitations) codes(sub rooms.Subscriber) []string {
	var all []string
	for _, h := range i.Subscribers.vault.HashAll("invitation", string(sub.Room), sub.Invitation.Nonce) {
		raw, err := base64.RawURLEncoding.DecodeString(string(h))
		if err != nil || len(raw) < 12 {
			continue
		}
		n := binary.BigEndian.Uint64(raw[len(raw)-8:])
		var b strings.Builder
		for k := range rooms.CodeLength {
			if k == rooms.CodeLength/2 {
				b.WriteByte('-')
			}
			b.WriteByte(rooms.CodeAlphabet[n%uint64(len(rooms.CodeAlphabet))])
			n /= uint64(len(rooms.CodeAlphabet))
		}
		all = append(all, b.String())
	}
	return all
}

// InvitationOptions say how long people are waited for, and what they are told. The zero value works.
type InvitationOptions struct {
	// ValidFor is how long a code is good. Default 48h.
	ValidFor time.Duration `yaml:"validFor"`
	// Again is how long a person who was invited is not invited again. Default 10m.
	Again time.Duration `yaml:"again"`
	// Tries is how many wrong codes end an invitation. Default 5.
	Tries int `yaml:"tries"`
	// ForgetAfter is how long who was asked for and did not come in is kept: since his invitation ended, or since he was
	// asked for if he was never invited. Default 168h.
	ForgetAfter time.Duration `yaml:"forgetAfter"`
	// Texts are what is said, by language (BCP 47); "en" is there by default, and where there is no other.
	Texts map[string]string `yaml:"texts"`
}

// The words that are filled into a text.
const (
	wordCode = "{code}"
	wordRoom = "{room}"
	wordLink = "{link}"
)

// WithDefaults fills in what was left at its zero value.
func (o InvitationOptions) WithDefaults() InvitationOptions {
	if o.ValidFor == 0 {
		o.ValidFor = 48 * time.Hour
	}
	if o.Again == 0 {
		o.Again = 10 * time.Minute
	}
	if o.Tries == 0 {
		o.Tries = 5
	}
	if o.ForgetAfter == 0 {
		o.ForgetAfter = 7 * 24 * time.Hour
	}
	texts := map[string]string{"en": "Your code for {room}: {code}. If you did not ask for it, do nothing. {link}"}
	for language, text := range o.Texts {
		texts[language] = text
	}
	o.Texts = texts
	return o
}

// Check names every fault.
func (o InvitationOptions) Check() []error {
	o = o.WithDefaults()
	var faults []error
	need := func(ok bool, text string) {
		if !ok {
			faults = append(faults, errors.New(text))
		}
	}
	need(o.ValidFor >= time.Minute, "validFor is at least 1m")
	need(o.Again >= time.Second && o.Again <= o.ValidFor, "again is from 1s to validFor")
	need(o.Tries >= 1 && o.Tries <= 100, "tries is from 1 to 100")
	need(o.ForgetAfter >= time.Hour, "forgetAfter is at least 1h")
	for language, text := range o.Texts {
		_, err := rooms.ParseLanguage(language)
		need(err == nil, fmt.Sprintf("texts: %q is no language", language))
		need(strings.Contains(text, wordCode), fmt.Sprintf("texts.%s says {code} somewhere", language))
	}
	return faults
}

// Text is what a person is told in his language, with a link if there is one.
func (o InvitationOptions) Text(i Invite, link string) string {
	text, ok := o.Texts[i.To.Language]
	if !ok {
		short, _, _ := strings.Cut(i.To.Language, "-")
		if text, ok = o.Texts[short]; !ok {
			text = o.Texts["en"]
		}
	}
	name := i.Room.Title
	if name == "" {
		name = string(i.Room.Name)
	}
	return strings.TrimSpace(strings.NewReplacer(wordCode, i.Code, wordRoom, name, wordLink, link).Replace(text))
}
