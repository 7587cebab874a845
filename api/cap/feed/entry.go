package feed

import (
	"time"

	"github.com/govcrier/crier/api/cap"
	"github.com/govcrier/crier/rooms"
)

// What an entry says at most, in characters.
const (
	maxTitle   = 200
	maxSummary = 1000
	maxAreas   = 500
)

// Entry is an alert of a feed.
type Entry struct {
	UMID     rooms.UMID
	Sequence uint64
	At       time.Time // when it was sent to the room
	Until    time.Time // when it is no longer in force

	Identifier, Sender             string
	Sent                           time.Time
	Status, MsgType, Scope         string
	Title, Summary, Author, Areas  string
	Event                          string
	Categories                     []string
	Urgency, Severity, Certainty   string
	Effective, Onset, AlertExpires time.Time
}

// public says that it is for everybody.
func (e Entry) public() bool { return e.Scope == "Public" }

// entryOf is a message's; false if it is no alert.
func entryOf(m rooms.Message) (Entry, bool) {
	raw, ok := cap.Original(m.Payload)
	if !ok {
		return Entry{}, false
	}
	a, faults := cap.Parse(raw, len(raw))
	if len(faults) > 0 {
		return Entry{}, false
	}
	e := Entry{
		UMID: m.UMID, Sequence: m.Sequence, At: m.ReceivedAt, Until: m.ExpiresAt,
		Identifier: a.Identifier, Sender: a.Sender, Sent: a.Sent, Status: a.Status, MsgType: a.MsgType, Scope: a.Scope,
		Title: short(a.Note, maxTitle), Author: a.Sender, AlertExpires: a.Expires(),
	}
	if m.SendAt.After(e.At) {
		e.At = m.SendAt
	}
	if last := e.AlertExpires; !last.IsZero() && last.Before(e.Until) {
		e.Until = last
	}
	if e.Title == "" {
		e.Title = a.MsgType
	}
	if len(a.Info) > 0 {
		e.tell(a.Info[0])
	}
	return e, true
}

// tell takes over what the first info says.
func (e *Entry) tell(i cap.Info) {
	e.Title, e.Summary, e.Areas = short(i.Title(), maxTitle), short(i.Description, maxSummary), short(i.Places(), maxAreas)
	if i.SenderName != "" {
		e.Author = short(i.SenderName, maxTitle)
	}
	e.Event, e.Categories = short(i.Event, maxTitle), i.Categories[:min(len(i.Categories), 12)]
	e.Urgency, e.Severity, e.Certainty = i.Urgency, i.Severity, i.Certainty
	e.Effective, e.Onset = i.Effective, i.Onset
}

func short(s string, most int) string {
	if all := []rune(s); len(all) > most {
		return string(all[:most-1]) + "…"
	}
	return s
}
