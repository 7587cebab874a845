package matrix_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/govcrier/crier/channels/matrix/matrixtest"
)

// Who reads the last message has read those before it, but nothing that came later.
func TestReadReceiptsCountForWhatCameBefore(t *testing.T) {
	server := matrixtest.New(t, clinic, aida)
	o := options(t, server)
	p := provider(t, o)
	h := p.hear(t, server)
	person := server.Person(aida)
	var ids []string
	for n := range 5 {
		ids = append(ids, p.sends(t, delivery(t, n, person.ID)).ProviderID)
	}
	room := person.Rooms()[0]
	person.Enter(room)
	person.Read(room, ids[2])
	await(t, h.settled, "0 delivered ", "1 delivered ", "2 delivered ")
	own := person.Say(room, "I have read all of it.")
	person.Read(room, own)
	await(t, h.settled, "0 delivered ", "1 delivered ", "2 delivered ", "3 delivered ", "4 delivered ")
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.receipts) != 5 {
		t.Errorf("%d receipts, want 5: none again that is known", len(h.receipts))
	}
	for _, r := range h.receipts {
		if r.Room != "newborn" || r.Attempt != 1 || r.ProviderID != ids[r.ID.N] {
			t.Errorf("receipt %+v", r)
		}
	}
}

// What could not be made durable is read again, also by another node; what was is not.
func TestReadingGoesOnWhereItWasDurable(t *testing.T) {
	server := matrixtest.New(t, clinic, aida)
	o := options(t, server)
	p := provider(t, o)
	h := p.hear(t, server)
	person := server.Person(aida)
	p.sends(t, delivery(t, 1, person.ID))
	room := person.Rooms()[0]
	person.Enter(room)
	person.Say(room, "one")
	await(t, h.heard, "reply "+person.ID+` "one" /0 false`)
	h.mu.Lock()
	h.refuse = 1e6
	h.mu.Unlock()
	person.Say(room, "two")
	await(t, func() []string {
		h.mu.Lock()
		defer h.mu.Unlock()
		return []string{fmt.Sprint(h.refuse < 1e6)}
	}, "true")
	h.end()
	for n := range 30 { // more than a reading brings
		person.Say(room, fmt.Sprintf("more %02d", n))
	}
	next := provider(t, o).hear(t, server)
	want := []string{"reply " + person.ID + ` "two" /0 false`}
	for n := range 30 {
		want = append(want, fmt.Sprintf("reply %s %q /0 false", person.ID, fmt.Sprintf("more %02d", n)))
	}
	await(t, next.heard, want...)
}

// What is heard, and what is not.
func TestWhatPeopleWrite(t *testing.T) {
	server := matrixtest.New(t, clinic, aida, "@bakyt", "@carol")
	p := provider(t, options(t, server))
	h := p.hear(t, server)
	person, other := server.Person(aida), server.Person("@bakyt")
	ours := p.sends(t, delivery(t, 7, person.ID)).ProviderID
	room := person.Rooms()[0]
	person.Enter(room)
	text := func(c map[string]any) { person.Put(room, "m.room.message", c) }
	person.Answer(room, ours, "> <"+p.name()+"> Please come on Tuesday.\n> really\n\nCan I come on Wednesday?\n> no quote")
	text(map[string]any{"msgtype": "m.notice", "body": "I am a machine."})
	text(map[string]any{"msgtype": "m.text", "body": "* edited", "m.relates_to": map[string]any{"rel_type": "m.replace", "event_id": ours}})
	text(map[string]any{"msgtype": 7, "body": map[string]any{}, "m.relates_to": "nonsense"})
	text(map[string]any{"msgtype": "m.image", "body": "rash.jpg", "url": "mxc://example.test/1"})
	person.Answer(room, "$foreign", "To whom?")
	person.Put(room, "m.reaction", map[string]any{})

	many := other.Begin(clinic, false) // a room of several, where people talk with each other
	p.sends(t, delivery(t, 8, many))
	other.Bring(many, "@carol")
	server.Person("@carol").Enter(many)
	other.Say(many, "Carol, have you seen it?")
	last := other.Messages(many)
	other.Answer(many, last[0].ID, "STOP")
	await(t, func() []string { all := h.heard(); slices.Sort(all); return all },
		"automatic "+person.ID+` "I am a machine." /0 false`,
		"reply "+person.ID+` "Can I come on Wednesday?\n> no quote" `+string(testUMID)+"/7 true",
		"reply "+person.ID+` "To whom?" /0 false`,
		"reply "+person.ID+` "rash.jpg" /0 false`,
		"reply "+other.ID+` "STOP" `+string(testUMID)+"/8 false",
	)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, in := range h.texts {
		if in.To.Reveal() != p.name() || in.ID[:8] != "matrix:$" || in.Provider != "matrix" || in.At.IsZero() {
			t.Errorf("inbound %+v", in)
		}
	}
}

func (s signed) name() string { return matrixtest.ID(clinic) }

// Once a third has come in, people talk with each other.
func TestARoomOfTwoBecomesOneOfMany(t *testing.T) {
	server := matrixtest.New(t, clinic, aida, "@carol")
	p := provider(t, options(t, server))
	h := p.hear(t, server)
	person := server.Person(aida)
	ours := p.sends(t, delivery(t, 1, person.ID)).ProviderID
	room := person.Rooms()[0]
	person.Enter(room)
	person.Say(room, "one")
	one := "reply " + person.ID + ` "one" /0 false`
	await(t, h.heard, one)
	person.Bring(room, "@carol")
	carol := server.Person("@carol")
	carol.Enter(room)
	person.Say(room, "Carol, look.")
	carol.Answer(room, ours, "I see.")
	await(t, h.heard, one, "reply "+carol.ID+` "I see." `+string(testUMID)+"/1 false")
}

// A person begins: his room is entered, and is from then on the one that is used for him. Rooms for many wait.
func TestPeopleBeginAConversation(t *testing.T) {
	server := matrixtest.New(t, clinic, aida, "@bakyt")
	o := options(t, server)
	p := provider(t, o)
	h := p.hear(t, server)
	person, other := server.Person(aida), server.Person("@bakyt")
	many := other.Begin(clinic, false)
	server.Fail(2, "POST", "/join/", matrixtest.Fault{Status: 429, Body: `{"errcode":"M_LIMIT_EXCEEDED"}`})
	room := person.Begin(clinic, true)
	person.Say(room, "Is anybody there?")
	await(t, h.heard, "reply "+person.ID+` "Is anybody there?" /0 false`)
	await(t, func() []string { return []string{fmt.Sprint(person.Named(room))} }, "true") // a moment after it was entered
	provider(t, o).sends(t, delivery(t, 1, person.ID))
	if got := person.Rooms(); len(got) != 1 || len(person.Messages(room)) != 1 {
		t.Errorf("rooms %q", got)
	}
	second := person.Begin(clinic, true) // he is in the first still
	await(t, func() []string { return []string{person.Membership(second, clinic)} }, "join")
	person.Say(second, "Here too?")
	await(t, h.heard, "reply "+person.ID+` "Is anybody there?" /0 false`, "reply "+person.ID+` "Here too?" /0 false`)
	provider(t, o).sends(t, delivery(t, 2, person.ID))
	if len(person.Messages(room)) != 2 || other.Membership(many, clinic) != "invite" {
		t.Error("another room is used, or one for many was entered")
	}
}

// Encrypted messages cannot be read; that is said once, in the clear.
func TestEncryptedMessages(t *testing.T) {
	server := matrixtest.New(t, clinic, aida)
	o := options(t, server)
	p := provider(t, o)
	h := p.hear(t, server)
	person := server.Person(aida)
	room := person.Begin(clinic, true)
	await(t, func() []string { return []string{person.Membership(room, clinic)} }, "join")
	for range 3 {
		person.Put(room, "m.room.encrypted", map[string]any{"ciphertext": "…"})
	}
	person.Say(room, "in the clear")
	await(t, h.heard, "reply "+person.ID+` "in the clear" /0 false`)
	h.end()
	next := provider(t, o).hear(t, server)
	person.Put(room, "m.room.encrypted", map[string]any{"ciphertext": "…"})
	person.Say(room, "again")
	await(t, next.heard, "reply "+person.ID+` "again" /0 false`)
	all := person.Messages(room)
	if len(all) != 1 || all[0].Content["msgtype"] != "m.notice" || all[0].Content["body"] != o.WithDefaults().EncryptedText {
		t.Errorf("said %+v", all)
	}
}

// Who invites into a room that cannot be entered, or into very many, holds up nobody else.
func TestInvitationsHoldNobodyUp(t *testing.T) {
	server := matrixtest.New(t, clinic, aida, "@bakyt", "@mallory")
	p := provider(t, options(t, server))
	h := p.hear(t, server)
	person, mallory := server.Person(aida), server.Person("@mallory")
	p.sends(t, delivery(t, 1, person.ID))
	room := person.Rooms()[0]
	person.Enter(room)
	server.Fail(2, "POST", "/join/", matrixtest.Fault{Hang: true})
	for range 2 {
		mallory.Begin(clinic, true)
	}
	await(t, func() []string { return []string{fmt.Sprint(server.Count("POST join"))} }, "2")
	kept := server.Count("PUT user")
	person.Say(room, "Is anybody there?")
	await(t, h.heard, "reply "+person.ID+` "Is anybody there?" /0 false`)
	await(t, func() []string { return []string{fmt.Sprint(server.Count("PUT user") > kept)} }, "true")
	begun := server.Person("@bakyt").Begin(clinic, true)
	await(t, func() []string { return []string{person.Membership(begun, clinic)} }, "join")
	person.Leave(room)
	await(t, h.heard, "reply "+person.ID+` "Is anybody there?" /0 false`, "stop "+person.ID+` "" /0 false`)
}

// An invitation that is always put off is tried a few times; the next one is accepted.
func TestInvitationsAreNotTriedForEver(t *testing.T) {
	server := matrixtest.New(t, clinic, aida)
	h := provider(t, options(t, server)).hear(t, server)
	person := server.Person(aida)
	server.Fail(4, "POST", "/join/", matrixtest.Fault{Status: 429, Body: `{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":1}`})
	first := person.Begin(clinic, true)
	await(t, func() []string { return []string{fmt.Sprint(server.Count("POST join"))} }, "3")
	second := person.Begin(clinic, true)
	await(t, func() []string { return []string{person.Membership(second, clinic)} }, "join")
	person.Say(second, "Here.")
	await(t, h.heard, "reply "+person.ID+` "Here." /0 false`)
	if n := server.Count("POST join"); n != 5 || person.Membership(first, clinic) != "invite" {
		t.Errorf("asked %d times to be let in, want 3 for the first and 2 for the second", n)
	}
}

// What somebody says that he answers is no part of a path that the homeserver does not have.
func TestAnswersToNoEvent(t *testing.T) {
	server := matrixtest.New(t, clinic, aida)
	p := provider(t, options(t, server))
	h := p.hear(t, server)
	person := server.Person(aida)
	p.sends(t, delivery(t, 1, person.ID))
	room := person.Rooms()[0]
	person.Enter(room)
	server.Fail(-1, "GET", "/event/..", matrixtest.Fault{Status: 404, Body: `{"errcode":"M_UNRECOGNIZED"}`})
	person.Answer(room, "..", "To whom?")
	person.Say(room, "Hello.")
	await(t, h.heard, "reply "+person.ID+` "To whom?" /0 false`, "reply "+person.ID+` "Hello." /0 false`)
}
