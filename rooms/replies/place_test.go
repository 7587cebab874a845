package replies_test

import (
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/replies"
)

// What somebody writes belongs to what it says itself, else to the last message to him, within the window; the number that
// it came to, and a keyword, say among which rooms.
func TestWhatIsAnswered(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{Addresses: []string{"4404"}})
	h.room("library", rooms.Inbox{Addresses: []string{"4404"}, Keywords: []string{"books"}})
	h.room("taxes", rooms.Inbox{Addresses: []string{"4500", "tax@example.org"}})
	h.room("quiet", rooms.Inbox{})
	clinic := h.send("clinic", aida, 3*time.Hour)
	library := h.send("library", aida, 2*time.Hour)
	quiet := h.send("quiet", aida, time.Hour)
	late := h.send("taxes", aida, 73*time.Hour)
	mail := h.send("quiet", bakyt, time.Hour)
	old := rooms.UMID("01KAMV99999999999999999999")
	h.messages[old] = rooms.Header{UMID: old, Room: "clinic", ReceivedAt: h.now.Add(-100 * time.Hour)} // of an earlier room of the name
	for name, tc := range map[string]struct {
		from, to, text string
		answers        rooms.UMID
		want           string
	}{
		"a number of two rooms: the last of them": {aida, "4404", "Yes", "", "library|" + string(library)},
		"a keyword": {aida, "4404", "BOOKS, please", "", "library|" + string(library)},
		"a keyword of a room that has sent nothing": {"+996555000999", "4404", "Books", "", "library|"},
		"nothing sent":                     {"+996555000999", "4404", "Hello", "", "clinic|"},
		"nobody's number: the last of all": {aida, "4999", "Yes", "", "quiet|" + string(quiet)},
		"no number at all":                 {aida, "", "Yes", "", "quiet|" + string(quiet)},
		"after the window":                 {aida, "4500", "Yes", "", "taxes|"},
		"nobody":                           {"+996555000999", "4999", "Hello", "", "|"},
		"it says so itself":                {"+996555000999", "4500", "Yes", clinic, "clinic|" + string(clinic)},
		"it says so itself, however late":  {aida, "4999", "Yes", late, "taxes|" + string(late)},
		"a token for what is not there":    {"+996555000999", "4999", "Yes", "01KAMV88888888888888888888", "|"},
		"a token for an earlier room":      {"+996555000999", "4999", "Yes", old, "|"},
		"a mail":                           {"Bakyt@example.com", "office@example.org", "Yes", "", "quiet|" + string(mail)},
		"a mail to a tagged address":       {"c@example.com", "tax+4711@example.org", "Yes", "", "taxes|"},
	} {
		t.Run(name, func(t *testing.T) {
			h.t = t
			in := h.hear(name, tc.from, tc.to, tc.text)
			in.Answers.UMID, in.Answers.N = tc.answers, 2
			h.take(in)
			h.expect(tc.want + "|reply|" + tc.text)
			h.clear()
		})
	}
}

func (h *house) clear() {
	h.t.Helper()
	for _, room := range append([]rooms.RoomConfig{{}}, h.rooms...) {
		page, _, err := h.shelf.List(h.t.Context(), replies.Reader{Room: room.Name, All: true}, 0, 100)
		for _, one := range page {
			if err == nil {
				err = h.log.EraseReply(h.t.Context(), one.Sequence)
			}
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

func TestWindowOfThePolicy(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{})
	u := h.send("clinic", aida, 2*time.Hour)
	h.window = time.Hour
	h.take(h.hear("1", aida, "", "too late"))
	h.window = 3 * time.Hour
	h.take(h.hear("2", aida, "", "in time"))
	h.expect("||reply|too late", "clinic|"+string(u)+"|reply|in time")
}

// What comes twice counts once, also where the first time broke off between storing and the acknowledgement.
func TestOfferedAgain(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{Confirm: "Thank you."})
	u := h.send("clinic", aida, time.Hour)
	h.failing = errTest
	in := h.hear("1", aida, "", "Yes")
	if err := h.desk.Take(t.Context(), in); err == nil {
		t.Fatal("it was taken")
	}
	h.take(in)
	h.take(in)
	other := in
	other.Provider = "another"
	h.take(other)
	h.expect("clinic|"+string(u)+"|reply|Yes", "clinic|"+string(u)+"|reply|Yes")
	if len(h.told) != 3 || h.told[0].Sequence != h.told[1].Sequence || h.told[2].Sequence == h.told[0].Sequence {
		t.Errorf("told %+v", h.told)
	}
	if len(h.answers) != 3 || h.answers[0] != aida+" Thank you." {
		t.Errorf("answered %q", h.answers) // the courier makes one of them
	}
}
