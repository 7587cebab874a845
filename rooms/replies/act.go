package replies

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/govcrier/crier/rooms"
)

// stop ends subscriptions: in the room that it belongs to, that of who has written and of whom the message went to, which a
// token says; else in all with that address, else wherever he has subscribed. What finds nobody is kept for a person to see.
func (d *Desk) stop(ctx context.Context, in rooms.Inbound, p place) (done bool, err error) {
	if in.From.IsZero() && len(p.whose) == 0 {
		return false, nil
	}
	scope, known := p.scope()
	if !known {
		if scope, err = d.Rooms.List(ctx); err != nil {
			return false, err
		}
	}
	ended, err := d.walks.each(ctx, len(scope), func(ctx context.Context, i int) (bool, error) {
		return d.stopIn(ctx, in, p, scope[i].Name, known)
	})
	if err != nil {
		return false, err
	}
	for i, r := range scope {
		if ended[i] {
			done = true
			d.note("stop", r.Name, p)
		}
	}
	return done, nil
}

// stopIn ends subscriptions in a room. Who is no subscriber is not named by it any more; if he is not the one that the
// message went to either, that is not all, for somebody may still be subscribed.
func (d *Desk) stopIn(ctx context.Context, in rooms.Inbound, p place, r rooms.Room, known bool) (ended bool, err error) {
	err = d.People.Leave(ctx, r, sender(in), p.owners(r)...)
	if !errors.Is(err, ErrNobody) {
		return err == nil, err
	}
	if !known || in.From.IsZero() {
		return false, nil
	}
	if err = d.People.Stop(ctx, r, sender(in), cause(in)); err != nil {
		return false, err
	}
	return p.message.UMID == "" || p.answered(), nil
}

// scope are the rooms that somebody speaks of who wants nothing more.
func (p place) scope() (scope []rooms.RoomConfig, known bool) {
	if p.message.UMID != "" || p.room.Name != "" && (len(p.room.Inbox.Keywords) > 0 || len(p.claims) < 2) {
		return []rooms.RoomConfig{p.room}, true
	}
	return p.claims, len(p.claims) > 0
}

// complained ends the subscription of whoever got the message that is complained of, and has nothing more sent to his address.
// Who reports it may be anybody, say his provider. Whoever is no subscriber is left to a person, since nobody knows his
// address any more.
func (d *Desk) complained(ctx context.Context, in rooms.Inbound, p place) (done bool, err error) {
	if !in.Signed || p.message.UMID == "" {
		return false, nil // a person sees to it
	}
	at, err := d.People.Reached(ctx, p.room.Name, in.Channel, p.whose)
	if err == nil && !at.Address.IsZero() {
		err = d.People.Complained(ctx, at, cause(in)) // first, since his contact goes with the subscription
	}
	if err == nil || errors.Is(err, ErrNobody) {
		err = d.People.Leave(ctx, p.room.Name, rooms.Endpoint{}, p.whose...)
	}
	if errors.Is(err, ErrNobody) {
		return false, nil
	}
	d.note("complaint", p.room.Name, p)
	return err == nil, err
}

// help tells what the room is.
func (d *Desk) help(ctx context.Context, in rooms.Inbound, p place) (done bool, err error) {
	if p.room.Name == "" {
		if len(p.claims) == 0 {
			return false, nil
		}
		p.room = p.claims[0]
	}
	title := p.room.Title
	if title == "" {
		title = string(p.room.Name)
	}
	return true, d.answer(ctx, in, p, func(language string) string {
		if p.room.Inbox.Help != "" {
			return p.room.Inbox.Help
		}
		return strings.ReplaceAll(d.Options.text(language), wordRoom, title)
	})
}

// text is what is said in a language.
func (o Options) text(language string) string {
	short, _, _ := strings.Cut(language, "-")
	for _, l := range []string{language, short} {
		if text, ok := o.HelpTexts[l]; ok {
			return text
		}
	}
	return o.HelpTexts["en"]
}

// start has who wants to come into a room asked whether it was he, if the room is open and it is clear which.
func (d *Desk) start(ctx context.Context, in rooms.Inbound, p place) (done bool, err error) {
	clear := slices.ContainsFunc(p.claims, func(r rooms.RoomConfig) bool { return r.Name == p.room.Name })
	if in.From.IsZero() || !clear || p.room.Join == rooms.JoinClosed || p.own {
		return false, nil
	}
	d.note("start", p.room.Name, p)
	return true, d.People.Ask(ctx, p.room, sender(in))
}

// answer says something, but never to ourselves.
func (d *Desk) answer(ctx context.Context, in rooms.Inbound, p place, text func(language string) string) error {
	if p.own || in.From.IsZero() {
		return nil
	}
	return d.Courier.Answer(ctx, Answer{Room: p.room, To: sender(in), Text: text, At: d.Now()})
}

func (d *Desk) note(what string, room rooms.Room, p place) {
	if d.Noted == nil {
		return
	}
	u := rooms.UMID("")
	if p.message.Room == room {
		u = p.message.UMID
	}
	d.Noted(what, room, u)
}
