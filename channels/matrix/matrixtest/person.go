package matrixtest

import (
	"slices"
	"strings"
)

// Person is somebody with a client.
type Person struct {
	server *Server
	ID     string
}

// Person gives one of the users.
func (s *Server) Person(name string) Person { return Person{s, ID(name)} }

// Rooms are those that he is in, or invited to.
func (p Person) Rooms() (all []string) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	for id, r := range p.server.rooms {
		if m := r.members[p.ID]; m == "join" || m == "invite" {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	return all
}

// Enter accepts an invitation.
func (p Person) Enter(room string) { p.is(room, p.ID, "join") }

// Leave leaves a room, or refuses an invitation.
func (p Person) Leave(room string) { p.is(room, p.ID, "leave") }

// PutOut has another leave a room.
func (p Person) PutOut(room, other string) { p.is(room, ID(other), "leave") }

// Bring invites another into a room.
func (p Person) Bring(room, other string) { p.is(room, ID(other), "invite") }

func (p Person) is(room, of, membership string) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	p.server.member(p.server.rooms[room], p.ID, of, membership, false)
}

// Begin creates a room for himself and another, as clients do for a conversation; without direct it is one for many.
func (p Person) Begin(other string, direct bool) (room string) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	r := p.server.create(p.ID)
	p.server.member(r, p.ID, ID(other), "invite", direct)
	return r.id
}

// Membership is that of a user in a room.
func (p Person) Membership(room, user string) string {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	return p.server.rooms[room].members[ID(user)]
}

// Named says whether an alias leads to a room.
func (p Person) Named(room string) bool {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	for _, to := range p.server.aliases {
		if to == room {
			return true
		}
	}
	return false
}

// Say writes a text.
func (p Person) Say(room, text string) (id string) {
	return p.Put(room, "m.room.message", map[string]any{"msgtype": "m.text", "body": text})
}

// Answer writes one that answers an event.
func (p Person) Answer(room, event, text string) (id string) {
	return p.Put(room, "m.room.message", map[string]any{
		"msgtype": "m.text", "body": text, "m.relates_to": map[string]any{"m.in_reply_to": map[string]any{"event_id": event}},
	})
}

// Put writes anything.
func (p Person) Put(room, kind string, content map[string]any) (id string) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	return p.server.add(p.server.rooms[room], p.ID, kind, nil, content)
}

// Read says that he has read up to an event.
func (p Person) Read(room, event string) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	r := p.server.rooms[room]
	r.receipts = append(r.receipts, receipt{p.server.tick(), p.ID, event})
}

// Messages are those of others in a room, the oldest first.
func (p Person) Messages(room string) (all []Event) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	for _, e := range p.server.rooms[room].events {
		if e.Type == "m.room.message" && e.Sender != p.ID {
			all = append(all, e)
		}
	}
	return all
}

// Find gives the room and the event of a message to him that contains a text; "" if there is none.
func (p Person) Find(text string) (room, event string) {
	for _, room := range p.Rooms() {
		for _, e := range p.Messages(room) {
			if body, _ := e.Content["body"].(string); strings.Contains(body, text) {
				return room, e.ID
			}
		}
	}
	return "", ""
}
