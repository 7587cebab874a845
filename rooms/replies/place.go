package replies

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/govcrier/crier/rooms"
)

// place is where something that was heard belongs.
type place struct {
	room    rooms.RoomConfig // zero: nobody knows
	message rooms.Header     // that is answered; zero: none
	n       int              // the recipient of that
	claims  []rooms.RoomConfig
	own     bool // it came from an address of ours
	sent    []sentIn
	whose   []rooms.SubscriberID // ids of the recipient of the message, where a token of ours says who it is
}

type sentIn struct {
	Sent
	message rooms.Header
}

// place finds where something belongs: by what it says itself, else by the address that it came to and who has written.
func (d *Desk) place(ctx context.Context, in rooms.Inbound) (p place, err error) {
	all, err := d.Rooms.List(ctx)
	if err != nil {
		return p, err
	}
	for _, r := range all {
		p.own = p.own || r.Inbox.Has(in.From)
		if r.Inbox.Has(in.To) {
			p.claims = append(p.claims, r)
		}
	}
	if in.Answers.UMID != "" {
		m, ok, err := d.Messages.Message(ctx, in.Answers.UMID)
		if room, there := stands(all, m); err != nil || ok && there {
			p.room, p.message, p.n = room, m, in.Answers.N
			if err == nil {
				err = d.remember(ctx, in, []rooms.RoomConfig{room}, &p)
			}
			if err == nil && in.Signed {
				p.whose, err = d.Messages.Recipient(ctx, in.Answers.DeliveryID)
			}
			return p, err
		}
	}
	return p, d.byContact(ctx, in, all, &p)
}

// stands gives the room of a message, and not another of the same name.
func stands(all []rooms.RoomConfig, m rooms.Header) (rooms.RoomConfig, bool) {
	i := slices.IndexFunc(all, func(r rooms.RoomConfig) bool { return r.Name == m.Room && !m.ReceivedAt.Before(r.CreatedAt) })
	if i < 0 {
		return rooms.RoomConfig{}, false
	}
	return all[i], true
}

// byContact finds the last message to who has written: in the room whose keyword he has used, else in those that he has
// written to, else in any.
func (d *Desk) byContact(ctx context.Context, in rooms.Inbound, all []rooms.RoomConfig, p *place) error {
	among, named, plain := p.claims, rooms.RoomConfig{}, rooms.RoomConfig{}
	for _, r := range p.claims {
		switch _, byKeyword := r.Inbox.Takes(in.To, in.Text.Reveal()); {
		case byKeyword:
			named = r
		case len(r.Inbox.Keywords) == 0 && plain.Name == "":
			plain = r
		}
	}
	switch {
	case named.Name != "":
		among = []rooms.RoomConfig{named}
	case len(among) == 0:
		among = all
	}
	if err := d.remember(ctx, in, among, p); err != nil {
		return err
	}
	now := d.Now()
	for _, s := range p.sent {
		policy, err := d.Messages.Policy(ctx, s.message.Policy)
		if err != nil {
			return err
		}
		if policy.Replies.Within(s.At, now) {
			p.room, _ = stands(among, s.message)
			p.message, p.n = s.message, s.N
			return nil
		}
	}
	p.room = named
	if named.Name == "" {
		p.room = plain
	}
	return nil
}

// remember looks up what was sent to who has written, in rooms that still stand.
func (d *Desk) remember(ctx context.Context, in rooms.Inbound, among []rooms.RoomConfig, p *place) error {
	names := make([]rooms.Room, len(among))
	for i, r := range among {
		names[i] = r.Name
	}
	if in.From.IsZero() || len(names) == 0 {
		return nil
	}
	sent, err := d.Messages.Latest(ctx, names, sender(in))
	if err != nil {
		return err
	}
	for _, s := range sent {
		m, ok, err := d.Messages.Message(ctx, s.UMID)
		if err != nil {
			return err
		}
		if _, there := stands(among, m); ok && there && m.Publisher != rooms.Gateway {
			p.sent = append(p.sent, sentIn{s, m})
		}
	}
	return nil
}

// owners are whose contact has written, as far as a room knows it as a second one, and whom the message went to.
func (p place) owners(room rooms.Room) (ids []rooms.SubscriberID) {
	if p.message.Room == room {
		ids = slices.Clone(p.whose)
	}
	for _, s := range p.sent {
		if s.message.Room == room && s.Owner != "" {
			return append(ids, s.Owner)
		}
	}
	return ids
}

// answered says that who has written is whom the message went to.
func (p place) answered() bool {
	return slices.ContainsFunc(p.sent, func(s sentIn) bool { return s.DeliveryID == rooms.DeliveryID{UMID: p.message.UMID, N: p.n} })
}

// kind is what is asked for: as the provider has understood it, else by the words of the text.
func (p place) kind(w words, in rooms.Inbound) rooms.InboundKind {
	if in.Kind != rooms.InboundReply && in.Kind != "" {
		return in.Kind
	}
	inboxes := make([]rooms.Inbox, 0, 1+len(p.claims))
	inboxes = append(inboxes, p.room.Inbox)
	if p.room.Name == "" {
		for _, r := range p.claims {
			inboxes = append(inboxes, r.Inbox)
		}
	}
	text := unquoted(in.Text.Reveal())
	if strings.TrimSpace(text) == "" {
		text = in.Subject.Reveal()
	}
	return w.kind(text, inboxes...)
}

// unquoted leaves out what a mail quotes of the one that it answers.
func unquoted(text string) string {
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return strings.HasPrefix(strings.TrimSpace(l), ">") })
	return strings.Join(lines, "\n")
}

func sender(in rooms.Inbound) rooms.Endpoint {
	return rooms.Endpoint{Channel: in.Channel, Address: in.From}
}

// cause is by what it is known again that something has been done.
func cause(in rooms.Inbound) string { return cmp.Or(in.Provider, string(in.Channel)) + "." + in.ID }
