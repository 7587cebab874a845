package channels

import (
	"github.com/govcrier/crier/rooms"
)

// contacts names who is behind a contact, on a channel where what people write is heard; nil if nobody hears them there.
func (b *Bridge) contacts(c rooms.Channel) func(rooms.Room, rooms.Contact) rooms.SubscriberID {
	if b.deps.Inbound == nil || b.deps.Frequencies == nil || c == rooms.Webhook {
		return nil
	}
	for _, m := range b.crews[c].members {
		if _, ok := m.Provider.(Inbox); ok {
			return b.deps.Frequencies.Person
		}
	}
	for _, l := range b.deps.Listeners {
		if _, ok := l.Source.(Inbox); ok && l.Channel == c {
			return b.deps.Frequencies.Person
		}
	}
	return nil
}

// contact is the id of a contact that may answer. What crier itself says is answered by nobody, and does not push out of
// memory what a person answers.
func (w *worker) contact(j work, o order) rooms.SubscriberID {
	if w.contacts == nil || j.Channel == rooms.Webhook || o.own {
		return ""
	}
	return w.contacts(j.Room, o.To)
}

// answerable notes in an event who may answer, and whose contact that is, if he subscribes by another.
func (o order) answerable(e rooms.Event) rooms.Event {
	e.Contact = o.contact
	id, err := rooms.ParseSubscriberID(o.job.Owner)
	if err == nil && o.contact != "" && e.Owner == "" && id != o.contact {
		e.Owner = id
	}
	return e
}
