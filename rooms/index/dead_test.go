package index

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

func because(e rooms.Event, why rooms.Reason) rooms.Event {
	e.Reason = why
	return e
}

// dead lists all that went wrong, page by page, as "message.number".
func dead(t *testing.T, x *Index, q DeadQuery, limit int) string {
	t.Helper()
	var words []string
	for cursor, calls := "", 0; ; calls++ {
		list, next, err := x.Dead(q, cursor, limit)
		if err != nil || len(list) > limit || calls > 100 {
			t.Fatalf("%d of %d, %v", len(list), limit, err)
		}
		for _, d := range list {
			n := 0
			for umid(n) != d.UMID {
				n++
			}
			words = append(words, fmt.Sprintf("%d.%d", n, d.N))
		}
		if next == "" {
			return strings.Join(words, " ")
		}
		cursor = next
	}
}

// Messages 0, 3 and 6 are of one room: what went wrong there is listed until it is dropped, or tried anew.
func deadStory(t *testing.T) *fakeLog {
	t.Helper()
	l := newFakeLog()
	for _, n := range []int{0, 1, 3, 6} {
		h := header(n)
		h.Recipients = 3
		if n == 6 {
			h.Publisher, h.Type = "other", "news"
		}
		l.add([]rooms.Header{h}, []rooms.Event{accepted(h),
			because(delivery(n, 0, 1, rooms.EventFailed, 40), rooms.Rejected),
			because(delivery(n, 1, 1, rooms.EventFailed, 50), rooms.Suppressed), // as somebody wanted it
			because(delivery(n, 2, 2, rooms.EventErrored, 60), rooms.Unknown)})
	}
	return l
}

func TestWhatWentWrong(t *testing.T) {
	x, l := open(t, testOptions(t)), deadStory(t)
	run(t, x, l)
	await(t, x, l)
	room := header(0).Room
	for name, tc := range map[string]struct {
		q    DeadQuery
		want string
	}{
		"all":           {DeadQuery{}, "6.0 6.2 3.0 3.2 0.0 0.2"},
		"reason":        {DeadQuery{FailedFilter: rooms.FailedFilter{Reasons: []rooms.Reason{rooms.Unknown, rooms.Gone}}}, "6.2 3.2 0.2"},
		"channel":       {DeadQuery{FailedFilter: rooms.FailedFilter{Channels: []rooms.Channel{rooms.SMS}}}, ""},
		"type":          {DeadQuery{FailedFilter: rooms.FailedFilter{Type: "news"}}, "6.0 6.2"},
		"message":       {DeadQuery{FailedFilter: rooms.FailedFilter{UMID: umid(3)}}, "3.0 3.2"},
		"another's":     {DeadQuery{FailedFilter: rooms.FailedFilter{UMID: umid(1)}}, ""},
		"publisher":     {DeadQuery{Publisher: "hospital-7"}, "3.0 3.2 0.0 0.2"},
		"earlier room":  {DeadQuery{From: header(3).ReceivedAt}, "6.0 6.2 3.0 3.2"},
		"since":         {DeadQuery{FailedFilter: rooms.FailedFilter{Since: umid(3).Time().Add(50 * time.Millisecond)}}, "6.0 6.2 3.2"},
		"until":         {DeadQuery{FailedFilter: rooms.FailedFilter{Until: umid(3).Time().Add(50 * time.Millisecond)}}, "3.0 0.0 0.2"},
		"some of those": {DeadQuery{FailedFilter: rooms.FailedFilter{Deliveries: []int{2, 7}}}, "6.2 3.2 0.2"},
	} {
		tc.q.Room = room
		for _, limit := range []int{1, 2, 5, 100} {
			if got := dead(t, x, tc.q, limit); got != tc.want {
				t.Errorf("%s, %d at a time: %q, want %q", name, limit, got, tc.want)
			}
		}
	}
	l.add(nil, []rooms.Event{
		because(delivery(3, 0, 1, rooms.EventDropped, 90), rooms.Rejected), because(delivery(3, 2, 2, rooms.EventDropped, 90), rooms.Unknown),
		because(delivery(6, 0, 1, rooms.EventDropped, 90), rooms.Rejected), again(delivery(0, 2, 1, rooms.EventRequeued, 90)),
	})
	await(t, x, l)
	if got := dead(t, x, DeadQuery{Room: room}, 10); got != "6.2 0.0" {
		t.Errorf("left are %q", got)
	}
	list, _, err := x.Deliveries(umid(3), 0, 3)
	if err != nil || list[0].Status != rooms.Failed || list[0].Reason != rooms.Rejected || !list[0].Dropped || !list[0].At.Equal(umid(3).Time().Add(40*time.Millisecond)) ||
		list[1].Dropped || list[2].Status != rooms.Failed || list[2].Reason != rooms.Unknown {
		t.Errorf("%+v, %v", list, err)
	}
	if s, err := x.Message(umid(3)); err != nil || s.Dead != 0 || s.Helpable != 0 || s.Undecided != 0 || s.Counts.Failed != 3 || s.FinishedAt.IsZero() {
		t.Errorf("%+v, %v", s, err)
	}
	heads, _, err := x.DeadMessages(DeadQuery{Room: room}, umid(6), 10)
	if err != nil || len(heads) != 2 || heads[0].UMID != umid(6) || heads[1].UMID != umid(0) {
		t.Errorf("%+v, %v", heads, err)
	}
	// What was dropped and fails anew, since somebody tried it anew before he heard of it, is listed again.
	l.add(nil, []rooms.Event{again(delivery(3, 0, 1, rooms.EventRequeued, 95)), because(again(delivery(3, 0, 1, rooms.EventFailed, 99)), rooms.Rejected)})
	await(t, x, l)
	if got := dead(t, x, DeadQuery{Room: room}, 10); got != "6.2 3.0 0.0" {
		t.Errorf("left are %q", got)
	}
}

func again(e rooms.Event) rooms.Event {
	e.Round = 1
	return e
}

// Of each it is known where its failure is on record, of the one that counts.
func TestFailureNamesItsEvent(t *testing.T) {
	x, l := open(t, testOptions(t)), deadStory(t)
	run(t, x, l)
	await(t, x, l)
	list, err := []Dead(nil), error(nil)
	if list, _, err = x.Dead(DeadQuery{Room: header(0).Room, FailedFilter: rooms.FailedFilter{UMID: umid(3)}}, "", 10); err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	if list[0].Entry != 10 || list[1].Entry != 12 || !list[0].RetryAt.IsZero() {
		t.Errorf("failed at %d, undecided at %d", list[0].Entry, list[1].Entry)
	}
}

// What cannot be tried anew says so.
func TestResendableOrNot(t *testing.T) {
	x, l := open(t, testOptions(t)), deadStory(t)
	run(t, x, l)
	gone := event(0, rooms.EventCancelled, 90)
	gone.Control = rooms.Control{State: rooms.ControlCancelled, Entry: 7}
	l.add(nil, []rooms.Event{gone, event(3, rooms.EventErased, 90), because(delivery(6, 0, 1, rooms.EventFailed, 30), rooms.NoContent)})
	await(t, x, l)
	list, _, err := x.Dead(DeadQuery{Room: header(0).Room}, "", 10)
	if err != nil || len(list) != 6 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, d := range list {
		if d.Resendable != (d.UMID == umid(6) && d.N == 2) {
			t.Errorf("%s %d: %v", d.UMID, d.N, d.Resendable)
		}
	}
}

func TestCursorOfAnotherList(t *testing.T) {
	x := open(t, testOptions(t))
	for _, cursor := range []string{"x", string(umid(1)), string(umid(1)) + "-", string(umid(1)) + "--1", string(umid(1)) + "-01", "-1"} {
		if _, _, err := x.Dead(DeadQuery{Room: "newborn"}, cursor, 1); !errors.Is(err, ErrCursor) {
			t.Errorf("%q: %v", cursor, err)
		}
	}
	if _, _, err := x.DeadMessages(DeadQuery{Room: "newborn"}, "x", 1); !errors.Is(err, ErrCursor) {
		t.Error(err)
	}
}

// Every reason fits beside what else a slot says.
func TestReasonsFitIntoASlot(t *testing.T) {
	if n := len(rooms.Reasons()); n > 1<<reasonBits || rooms.MaxRounds+1 >= 1<<(8-reasonBits) {
		t.Errorf("%d reasons, %d rounds", n, rooms.MaxRounds)
	}
}

// Many of one message are listed page by page, wherever one goes on; what nothing is found in is given up after a while,
// and says where the next call goes on.
func TestManyThatWentWrong(t *testing.T) {
	x, l := open(t, testOptions(t)), newFakeLog()
	run(t, x, l)
	const pages = 40
	h := header(1)
	h.Direct, h.Recipients = false, 0
	l.add([]rooms.Header{h}, []rooms.Event{accepted(h)})
	await(t, x, l)
	err := x.write(t.Context(), x.generation, foldedTo{}, func(b *batch) error {
		m, err := b.message(umid(1))
		if err != nil {
			return err
		}
		for n := range pages {
			p := &page{}
			for i := range rooms.PageSize {
				e := because(delivery(1, n*rooms.PageSize+i, 1, rooms.EventFailed, 40), rooms.Rejected)
				m.settle(p, i, slotOf(e, m.tick(e.At), 0))
			}
			b.put(pageKey(umid(1), n), p)
		}
		m.pages = pages
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	last := pages*rooms.PageSize - 500
	for cursor, more := range map[string]bool{"": true, cursorAt(umid(1), last-1): true, cursorAt(umid(1), last): false} {
		list, next, err := x.Dead(DeadQuery{Room: h.Room}, cursor, 500)
		if err != nil || len(list) != 500 || (next != "") != more {
			t.Fatal(len(list), next, err)
		}
	}
	w := deadWalk{DeadQuery: DeadQuery{Room: h.Room, FailedFilter: rooms.FailedFilter{Reasons: []rooms.Reason{rooms.Gone}}}, limit: 2, looks: 1, pages: 30}
	if err := x.view(func(s source) error { return w.walk(s, packed{}, 0) }); err != nil || len(w.found) != 0 || w.next != cursorAt(umid(1), 30*rooms.PageSize) {
		t.Error(len(w.found), w.next, err)
	}
}

// Messages of others are looked past, so many in one call; it says where the next one goes on.
func TestMessagesOfOthersHoldNobodyUp(t *testing.T) {
	x, l := open(t, testOptions(t)), newFakeLog()
	run(t, x, l)
	const several = 250
	for n := range several {
		h := header(n + 1)
		h.Room, h.Direct, h.Recipients = "newborn", true, 1
		if n == 0 {
			h.Publisher = "patient"
		}
		e := because(delivery(n+1, 0, 1, rooms.EventFailed, 40), rooms.Rejected)
		e.Room = h.Room
		l.add([]rooms.Header{h}, []rooms.Event{e})
	}
	await(t, x, l)
	q := DeadQuery{Room: "newborn", Publisher: "patient"}
	calls, from := 1, packed{}
	for ; ; calls++ {
		w := deadWalk{DeadQuery: q, limit: 2, looks: 60, pages: 10}
		if err := x.view(func(s source) error { return w.walk(s, from, 0) }); err != nil || calls > 10 {
			t.Fatal(err, calls)
		}
		if w.next == "" {
			if len(w.found) != 1 || w.found[0].UMID != umid(1) {
				t.Errorf("%+v", w.found)
			}
			break
		}
		var err error
		if from, _, err = deadCursor(w.next); err != nil || len(w.found) > 0 {
			t.Fatal(w.next, len(w.found), err)
		}
	}
	if calls != 5 {
		t.Errorf("%d calls for %d messages, 60 in each", calls, several)
	}
	all, next, err := x.DeadMessages(DeadQuery{Room: "newborn"}, "", several-1)
	if err != nil || len(all) != several-1 || next != umid(1) {
		t.Error(len(all), next, err)
	}
	if all, next, err = x.DeadMessages(DeadQuery{Room: "newborn"}, next, 1); err != nil || len(all) != 1 || next != "" {
		t.Error(len(all), next, err)
	}
}
