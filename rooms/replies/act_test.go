package replies_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/replies"
)

var errTest = errors.New("test")

func TestStopInManyScripts(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{Addresses: []string{"4404"}, Keywords: []string{"baby"}, Stop: []string{"basta"}})
	h.room("library", rooms.Inbox{})
	for i, text := range []string{
		"STOP", "stop.", "  Stop! ", "«СТОП»", "Отписаться", "токтот", "توقف", "إلغاء", "退订", "停止", "중지", "रोकें", "หยุด", "Σταμάτα", "ΣΤΑΜΑΤΑ",
		"Arrêt", "ARRÊT", "İPTAL", "iptal", "Stop all", "genug  JETZT", "Basta", "baby stop", "Stop baby", "አቁም",
	} {
		h.subscribe("clinic", aida)
		h.take(h.hear("stop"+text, aida, "4404", text))
		if n := h.members("clinic"); n != 0 {
			t.Errorf("%d: %q leaves %d", i, text, n)
		}
	}
	h.expect()
}

// Inside a sentence the word is part of a reply.
func TestStopInASentence(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{Addresses: []string{"4404"}})
	h.subscribe("clinic", aida)
	var want []string
	for _, text := range []string{"Please do not stop", "I stop by on Tuesday", "STOP it hurts", "Где остановка?", "stopping", "..."} {
		h.take(h.hear(text, aida, "4404", text))
		want = append(want, "clinic||reply|"+text)
	}
	h.expect(want...)
	if h.members("clinic") != 1 {
		t.Error("the subscription has ended")
	}
}

// STOP ends what it is about: the room of the message that it answers, else all with that number, else all there are.
func TestStopOfWhat(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{Addresses: []string{"4404"}})
	h.room("library", rooms.Inbox{Addresses: []string{"4404"}, Keywords: []string{"books"}})
	h.room("taxes", rooms.Inbox{})
	h.room("quiet", rooms.Inbox{})
	person := 0
	for name, tc := range map[string]struct {
		text, to string
		answered rooms.Room // by who has written, an hour ago
		left     string     // rooms of which he is still a member
		stopped  string     // rooms that name him no more, since he was no member
	}{
		"of what it answers":          {"STOP", "4404", "library", "clinic taxes", ""},
		"of both with that number":    {"STOP", "4404", "", "taxes", ""},
		"of the keyword":              {"STOP BOOKS", "4404", "clinic", "clinic taxes", ""},
		"of all":                      {"STOP", "", "", "", ""},
		"of one that does not has it": {"STOP", "", "quiet", "clinic library taxes", "quiet"},
	} {
		t.Run(name, func(t *testing.T) {
			h.t = t
			person++
			aida := fmt.Sprintf("+9965550001%02d", person)
			for _, r := range h.rooms {
				if err := h.log.RemoveSubscribers(t.Context(), r.Name); err != nil {
					t.Fatal(err)
				}
			}
			for _, r := range []rooms.Room{"clinic", "library", "taxes"} {
				h.subscribe(r, aida)
			}
			if tc.answered != "" {
				h.send(tc.answered, aida, time.Hour)
			}
			in := h.hear(name, aida, tc.to, tc.text)
			h.take(in)
			h.take(in)
			h.expect()
			var left, stopped []string
			for _, r := range h.rooms {
				if h.members(r.Name) > 0 {
					left = append(left, string(r.Name))
				}
				if h.stops.Stopped(r.Name, rooms.Endpoint{Channel: rooms.SMS, Address: in.From}) {
					stopped = append(stopped, string(r.Name))
				}
			}
			if got := strings.Join(left, " "); got != tc.left {
				t.Errorf("still in %q, want %q", got, tc.left)
			}
			if got := strings.Join(stopped, " "); got != tc.stopped {
				t.Errorf("stopped %q, want %q", got, tc.stopped)
			}
		})
	}
}

// Who is reached by a second contact leaves by it too, since the message to it says whose it is.
func TestStopFromASecondContact(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{})
	id := h.subscribe("clinic", bakyt, aida)
	h.send("clinic", aida, time.Hour)
	h.sent[0].Owner = id
	h.take(h.hear("1", aida, "", "стоп"))
	if h.members("clinic") != 0 {
		t.Error("the subscription has not ended")
	}
	if len(h.noted) != 1 || !strings.HasPrefix(h.noted[0], "stop clinic 01K") {
		t.Errorf("noted %q", h.noted)
	}
}

// Mail is forwarded, and answered from another address: the token says whose subscription it is.
func TestStopFromAnotherAddress(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{})
	h.subscribe("clinic", bakyt)
	alias := h.hear("1", "bakyt.alias@example.net", "", "STOP")
	alias.Answers.DeliveryID = rooms.DeliveryID{UMID: h.send("clinic", bakyt, time.Hour), N: 2}
	h.take(alias)
	if h.members("clinic") != 1 {
		t.Error("an id that anybody can write has ended a subscription")
	}
	h.expect("clinic|" + string(alias.Answers.UMID) + "|stop|STOP")
	h.clear()
	alias.Signed = true
	h.take(alias)
	h.take(alias)
	if h.members("clinic") != 0 {
		t.Error("the subscription has not ended")
	}
	h.expect()
	u := h.send("clinic", "named@example.com", time.Hour)
	nobody := h.hear("2", "named.alias@example.net", "", "STOP")
	nobody.Answers.DeliveryID, nobody.Signed = rooms.DeliveryID{UMID: u, N: 2}, true
	h.take(nobody)
	named := h.hear("3", "named@example.com", "", "STOP")
	named.Answers, named.Signed = nobody.Answers, true
	h.take(named)
	h.expect("clinic|" + string(u) + "|stop|STOP") // of the alias
	for _, in := range []rooms.Inbound{nobody, named} {
		if !h.stops.Stopped("clinic", rooms.Endpoint{Channel: rooms.Email, Address: in.From}) {
			t.Errorf("%s is named all the same", in.ID)
		}
	}
}

// Nobody is stopped where nobody is: a person sees to it.
func TestStopOfNothing(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{})
	h.take(h.hear("1", aida, "4999", "STOP"))
	h.expect("||stop|STOP")
}

func TestHelpIsAnswered(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{Addresses: []string{"4404"}})
	h.room("library", rooms.Inbox{Addresses: []string{"4500", "+996555000900"}, Help: "Books for all."})
	for _, in := range []rooms.Inbound{
		h.hear("1", aida, "4404", "Help?"), h.hear("2", aida, "4500", "ПОМОЩЬ"), h.hear("3", aida, "4999", "help"),
		h.hear("4", "+996555000900", "4404", "help"), // from a number of our own
	} {
		h.take(in)
	}
	want := []string{aida + " The clinic: messages of a public service. Reply STOP to get no more of them.", aida + " Books for all."}
	if !slices.Equal(h.answers, want) {
		t.Errorf("answered %q", h.answers)
	}
	h.expect("||help|help")
}

func TestComplaintsAndMachines(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{Addresses: []string{"clinic@example.org"}, Confirm: "Thank you."})
	h.subscribe("clinic", bakyt)
	u := h.send("clinic", bakyt, time.Hour)
	automatic := h.hear("1", bakyt, "clinic@example.org", "I am on holiday. STOP")
	automatic.Kind, automatic.Answers.UMID = rooms.InboundAutomatic, u
	h.take(automatic)
	if h.members("clinic") != 1 || len(h.answers) != 0 {
		t.Error("a machine was listened to")
	}
	complaint := rooms.Inbound{ID: "2", Kind: rooms.InboundComplaint, Channel: rooms.Email, Provider: "test", At: h.now, Signed: true}
	complaint.Answers.DeliveryID = rooms.DeliveryID{UMID: u, N: 2}
	h.take(complaint)
	h.take(complaint)
	at := rooms.Endpoint{Channel: rooms.Email, Address: h.hear("", bakyt, "", "").From}
	one, err := h.stops.Find(at)
	if h.members("clinic") != 0 || err != nil || one.Reason != "complaint" || one.Times != 1 || !h.stops.Holds(at) {
		t.Errorf("%d members, %+v, %v", h.members("clinic"), one, err)
	}
	h.expect()
	h.subscribe("clinic", aida)
	complaint.ID, complaint.Text = "3", rooms.NewBody("of nobody")
	complaint.Answers.DeliveryID = rooms.DeliveryID{UMID: h.send("clinic", "+996555000999", time.Hour), N: 2}
	h.take(complaint)
	h.expect("clinic|" + string(complaint.Answers.UMID) + "|complaint|of nobody")
	if h.members("clinic") != 1 || len(h.answers) != 0 {
		t.Errorf("%d members, answered %q", h.members("clinic"), h.answers)
	}
}

// Who complains is who got the message, whoever reports it, also by a second contact of his.
func TestComplaintByASecondContact(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{})
	id := h.subscribe("clinic", aida, bakyt)
	u := h.send("clinic", bakyt, time.Hour)
	h.sent[0].Owner = id
	complaint := h.hear("1", "abusedesk@provider.example", "", "")
	complaint.Kind, complaint.Answers.DeliveryID, complaint.Signed = rooms.InboundComplaint, rooms.DeliveryID{UMID: u, N: 2}, true
	h.take(complaint)
	at := rooms.Endpoint{Channel: rooms.Email, Address: h.hear("", bakyt, "", "").From}
	if h.members("clinic") != 0 || !h.stops.Holds(at) || h.stops.Holds(rooms.Endpoint{Channel: rooms.Email, Address: complaint.From}) {
		t.Errorf("%d members", h.members("clinic"))
	}
}

// Whoever has no token of ours cannot complain of a message, and least of all in the name of another.
func TestComplaintOfAnybody(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{Addresses: []string{"clinic@example.org"}})
	h.subscribe("clinic", bakyt)
	u := h.send("clinic", bakyt, time.Hour)
	forged := h.hear("1", bakyt, "clinic@example.org", "abuse")
	forged.Kind = rooms.InboundComplaint
	h.take(forged)
	guessed := h.hear("2", bakyt, "clinic@example.org", "guessed")
	guessed.Kind, guessed.Answers.UMID = rooms.InboundComplaint, u
	h.take(guessed)
	at := rooms.Endpoint{Channel: rooms.Email, Address: forged.From}
	if h.members("clinic") != 1 || h.stops.Holds(at) || h.stops.Stopped("clinic", at) {
		t.Error("the person was cut off")
	}
	h.expect("||complaint|abuse", "||complaint|guessed")
}

func TestStartAtARoom(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{Addresses: []string{"4404"}}).Join = rooms.JoinOpen
	h.room("library", rooms.Inbox{Addresses: []string{"4500"}, Start: []string{"begin"}})
	h.take(h.hear("1", aida, "4404", "Join"))
	h.take(h.hear("2", aida, "4500", "Begin"))
	h.take(h.hear("3", aida, "4999", "start"))
	if !slices.Equal(h.asked, []string{"clinic " + aida}) {
		t.Errorf("asked %q", h.asked)
	}
	h.expect("||reply|start", "library||reply|Begin")
}

// Who was asked at a room confirms with the code, and nobody else; what only looks like one is a reply.
func TestACodeConfirms(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{Addresses: []string{"4404"}})
	h.room("library", rooms.Inbox{Addresses: []string{"4500"}})
	h.codes = map[string]string{"clinic " + aida: "7KQM3XVB"}
	for i, text := range []string{"7kqm-3xvb", " START 7KQM-3XVB ", "7KQM3XVB"} {
		h.take(h.hear(fmt.Sprint("good", i), aida, "4404", text))
	}
	if !slices.Equal(h.confirmed, []string{"clinic", "clinic", "clinic"}) {
		t.Errorf("confirmed %q", h.confirmed)
	}
	h.expect()
	var want []string
	for _, text := range []string{"TUESDAYS", "7KQM-3XVC", "my code is 7KQM-3XVB", "START 7KQM 3XVB"} {
		h.take(h.hear(text, aida, "4404", text))
		want = append(want, "clinic||reply|"+text)
	}
	h.take(h.hear("elsewhere", aida, "4500", "7KQM-3XVB"))
	h.take(h.hear("somebody else", "+996555000222", "4500", "7KQM-3XVB"))
	if len(h.confirmed) != 3 {
		t.Errorf("confirmed %q", h.confirmed)
	}
	h.expect(append(want, "library||reply|7KQM-3XVB", "library||reply|7KQM-3XVB")...)
}

// A word with a letter that no code has is no try; a code is shown to all rooms of the address at once.
func TestWordsAreNoCodes(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{Addresses: []string{"4404"}})
	h.room("library", rooms.Inbox{Addresses: []string{"4404"}, Keywords: []string{"books"}})
	h.codes = map[string]string{"library " + aida: "7KQM3XVB"}
	for i, text := range []string{"Tomorrow", "question", "children", "possible", "00000000", "START hospital", "7KQM-3XVB"} {
		h.take(h.hear(fmt.Sprint(i), aida, "4404", text))
	}
	if !slices.Equal(h.tried, []string{"7KQM3XVB"}) || !slices.Equal(h.confirmed, []string{"library"}) {
		t.Errorf("tried %q, confirmed %q", h.tried, h.confirmed)
	}
}

// Who writes on a platform is there; by SMS anybody can have written in his name. What he has complained of stands.
func TestWhoWritesIsThere(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{})
	for _, tc := range []struct {
		channel   rooms.Channel
		complains bool
		held      bool
	}{{rooms.WhatsApp, false, false}, {rooms.SMS, false, true}, {rooms.WhatsApp, true, true}} {
		in := h.hear(fmt.Sprint(tc), aida, "", "Hello?")
		in.Channel = tc.channel
		at := rooms.Endpoint{Channel: tc.channel, Address: in.From}
		if err := h.stops.Refused(t.Context(), at, rooms.NoMailbox, "1"); err != nil {
			t.Fatal(err)
		}
		if tc.complains {
			if err := h.stops.Complained(t.Context(), at, "2"); err != nil {
				t.Fatal(err)
			}
		}
		h.take(in)
		if h.stops.Holds(at) != tc.held {
			t.Errorf("%+v: held %t", tc, !tc.held)
		}
	}
}

func TestShelf(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{})
	h.room("library", rooms.Inbox{})
	u := h.send("clinic", aida, time.Hour)
	h.take(h.hear("1", aida, "", "mine"))
	other := h.messages[u]
	other.Publisher = "hosp-8"
	h.messages[u] = other
	h.take(h.hear("2", aida, "", "theirs"))
	h.take(h.hear("3", "+996555000999", "", "nobody's"))
	ctx, mine, admin := t.Context(), replies.Reader{Room: "clinic", Client: "hosp-7"}, replies.Reader{Room: "clinic", All: true}
	page, next, err := h.shelf.List(ctx, admin, 0, 1)
	if err != nil || len(page) != 1 || next != 1 || page[0].From.Reveal() != aida || page[0].N != 2 {
		t.Errorf("%v %d %v", page, next, err)
	}
	if page, next, err = h.shelf.List(ctx, mine, 0, 1); err != nil || len(page) != 1 || page[0].Text.Reveal() != "mine" {
		t.Errorf("%v %d %v", page, next, err)
	}
	if page, next, err = h.shelf.List(ctx, mine, next, 1); err != nil || len(page) != 0 || next != 0 {
		t.Errorf("%v %d %v", page, next, err)
	}
	for _, tc := range []struct {
		by replies.Reader
		id rooms.ReplyID
	}{{mine, "2"}, {admin, "3"}, {admin, "4"}, {replies.Reader{Room: "library", All: true}, "1"}, {replies.Reader{All: true}, "1"}} {
		if err := h.shelf.Take(ctx, tc.by, tc.id); !errors.Is(err, replies.ErrUnknown) {
			t.Errorf("%+v: %v", tc, err)
		}
	}
	if err := errors.Join(h.shelf.Take(ctx, mine, "1"), h.shelf.Take(ctx, admin, "2")); err != nil {
		t.Error(err)
	}
	if _, err := h.shelf.Release(ctx, "3", h.rooms[1], u); !errors.Is(err, replies.ErrUnfit) {
		t.Errorf("released to a message of another room: %v", err)
	}
	released, err := h.shelf.Release(ctx, "3", h.rooms[0], u)
	if err != nil || released.Publisher != "hosp-8" || h.told[len(h.told)-1].Sequence != released.Sequence {
		t.Errorf("%+v, %v", released, err)
	}
	h.expect("clinic|" + string(u) + "|reply|nobody's")
	if err := h.shelf.RemoveAll(ctx, "clinic"); err != nil {
		t.Error(err)
	}
	h.expect()
}
