package rooms_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/govcrier/crier/rooms"
)

// cause is what tells events apart: of the message, of a page, or of an attempt.
type cause struct {
	umid          rooms.UMID
	kind          rooms.Kind
	page          int
	number, tried int
	round         int
	entry         uint64
}

func causeOf(e rooms.Event) cause {
	switch e.Kind {
	case rooms.EventAccepted, rooms.EventPlanned, rooms.EventErased, rooms.EventScheduled, rooms.EventReleased:
		return cause{umid: e.UMID, kind: e.Kind}
	case rooms.EventQueued:
		return cause{umid: e.UMID, kind: e.Kind, page: e.Page}
	}
	if e.Kind == rooms.EventPaused || e.Kind == rooms.EventResumed || e.Kind == rooms.EventHeld || e.Kind == rooms.EventCancelled {
		return cause{umid: e.UMID, kind: e.Kind, entry: e.Control.Entry}
	}
	return cause{umid: e.UMID, kind: e.Kind, number: e.N, tried: e.Attempt, round: e.Round}
}

func anyEvent(t *rapid.T) rooms.Event {
	return rooms.Event{
		Kind: anyOf(t, rooms.Kinds()), UMID: anyOf(t, []rooms.UMID{"01JDB6T0G00000000000000001", "01JDB6T0G00000000000000011"}),
		Page: rapid.IntRange(0, 12).Draw(t, "page"), N: rapid.IntRange(0, 12).Draw(t, "n"), Attempt: rapid.IntRange(0, 12).Draw(t, "attempt"),
		Round:   rapid.IntRange(0, rooms.MaxRounds).Draw(t, "round"),
		Control: rooms.Control{Entry: rapid.Uint64Range(1, 3).Draw(t, "entry")},
		Reason:  anyOf(t, rooms.Reasons()), Code: anyOf(t, []string{"", "4.2.2"}),
	}
}

func TestOneCauseOneID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyEvent(t), anyEvent(t)
		if (a.ID() == b.ID()) != (causeOf(a) == causeOf(b)) {
			t.Fatalf("%+v is %s\n%+v is %s", a, a.ID(), b, b.ID())
		}
	})
}

func TestEveryKindHasAState(t *testing.T) {
	want := map[rooms.Kind]rooms.Status{rooms.EventSent: rooms.Sent, rooms.EventDelivered: rooms.Delivered,
		rooms.EventErrored: rooms.Errored, rooms.EventFailed: rooms.Failed, rooms.EventQueued: rooms.Queued, rooms.EventRequeued: rooms.Queued}
	for kind, status := range want {
		s := rooms.Event{Kind: kind, Attempt: 3, Reason: rooms.Bounced}.State()
		if s.Status != status || s.Attempt != 3 || s.Reason != rooms.Bounced {
			t.Errorf("%s is %+v", kind, s)
		}
	}
}
