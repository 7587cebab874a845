package matrix_test

import (
	"sync"
	"testing"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/matrix"
	"github.com/govcrier/crier/channels/matrix/matrixtest"
)

// Many nodes write to somebody for the first time at the same moment: he gets one room.
func TestOneRoomForEverybody(t *testing.T) {
	server := matrixtest.New(t, clinic, aida)
	o := options(t, server)
	var all sync.WaitGroup
	for node := range 8 {
		p := provider(t, o)
		for n := range 8 {
			all.Go(func() { p.sends(t, delivery(t, 8*node+n, matrixtest.ID(aida))) })
		}
	}
	all.Wait()
	person := server.Person(aida)
	if found := person.Rooms(); len(found) != 1 || len(person.Messages(found[0])) != 64 {
		t.Errorf("rooms %q", found)
	}
}

// A room whose creation was cut short, before anybody was invited, is found again, and he is.
func TestRoomCutShort(t *testing.T) {
	server := matrixtest.New(t, clinic, aida)
	o := options(t, server)
	provider(t, o).sends(t, delivery(t, 1, matrixtest.ID(aida)))
	room := server.Person(aida).Rooms()[0]
	server.Forget(room, aida)
	provider(t, o).sends(t, delivery(t, 2, matrixtest.ID(aida)))
	if m := server.Person(aida).Membership(room, aida); m != "invite" || server.Count("POST createRoom") != 1 {
		t.Errorf("he is %q, and %d rooms were asked for", m, server.Count("POST createRoom"))
	}
}

// Under the next key of the hash the room is found by the one before, and from then on by both.
func TestRoomsOutliveTheKeyOfTheirHash(t *testing.T) {
	server := matrixtest.New(t, clinic, aida)
	o := options(t, server)
	keys := func(all ...string) func(*matrix.Deps) {
		return func(d *matrix.Deps) {
			d.Hashes = func(user string) (hashes []string) {
				for _, k := range all {
					hashes = append(hashes, k+user)
				}
				return hashes
			}
		}
	}
	for n, k := range [][]string{{"one"}, {"two", "one"}, {"two"}} {
		provider(t, o, keys(k...)).sends(t, delivery(t, n, matrixtest.ID(aida)))
	}
	if all := server.Person(aida).Rooms(); len(all) != 1 {
		t.Errorf("rooms %q", all)
	}
}

// Who has left gets nothing more, until he begins a conversation himself.
func TestWhoHasLeft(t *testing.T) {
	server := matrixtest.New(t, clinic, aida)
	o := options(t, server)
	p := provider(t, o)
	h := p.hear(t, server)
	p.sends(t, delivery(t, 1, matrixtest.ID(aida)))
	person := server.Person(aida)
	room := person.Rooms()[0]
	person.Enter(room)
	person.Leave(room)
	await(t, h.heard, "stop "+person.ID+` "" /0 false`)
	for _, q := range []signed{p, provider(t, o)} {
		if o := q.Send(t.Context(), delivery(t, 2, person.ID)); o.Result != channels.Suppressed {
			t.Errorf("outcome %+v", o)
		}
	}
	again := person.Begin(clinic, true)
	await(t, func() []string { return []string{person.Membership(again, clinic)} }, "join")
	person.Say(again, "start")
	await(t, h.heard, "stop "+person.ID+` "" /0 false`, "reply "+person.ID+` "start" /0 false`)
	for n, q := range []signed{p, provider(t, o)} {
		q.sends(t, delivery(t, 3+n, person.ID))
	}
	if n := len(person.Messages(again)); n != 2 {
		t.Errorf("%d messages in his new room, want 2", n)
	}
}

// Who puts us out wants no more, as does who refuses the invitation; and that one has read nothing.
func TestWhoDoesNotWantUs(t *testing.T) {
	server := matrixtest.New(t, clinic, aida, "@bakyt")
	p := provider(t, options(t, server))
	h := p.hear(t, server)
	for n, who := range []string{aida, "@bakyt", "@bakyt"} {
		p.sends(t, delivery(t, n, matrixtest.ID(who)))
	}
	person, other := server.Person(aida), server.Person("@bakyt")
	room := person.Rooms()[0]
	person.Enter(room)
	person.PutOut(room, clinic)
	await(t, h.heard, "stop "+person.ID+` "" /0 false`)
	other.Leave(other.Rooms()[0])
	await(t, h.heard, "stop "+person.ID+` "" /0 false`, "stop "+other.ID+` "" /0 false`)
	await(t, h.settled, "1 failed suppressed", "2 failed suppressed")
	for _, who := range []string{aida, "@bakyt"} {
		if o := p.Send(t.Context(), delivery(t, 9, matrixtest.ID(who))); o.Result != channels.Suppressed {
			t.Errorf("outcome %+v", o)
		}
	}
}
