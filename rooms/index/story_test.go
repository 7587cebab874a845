package index

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// told folds events of message 1 into a new index.
func told(t *testing.T, events ...rooms.Event) *Index {
	t.Helper()
	x, l := open(t, testOptions(t)), newFakeLog()
	run(t, x, l)
	l.add(nil, events)
	await(t, x, l)
	return x
}

func summary(t *testing.T, x *Index) Summary {
	t.Helper()
	s, err := x.Message(umid(1))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func after(ms int) time.Time { return umid(1).Time().Add(time.Duration(ms) * time.Millisecond) }

// toRoom is the header of message 1 as one to all subscribers.
func toRoom() rooms.Header {
	h := header(1)
	h.Direct, h.Recipients = false, 0
	return h
}

func TestDirectMessageIsPendingUntilQueued(t *testing.T) {
	h := header(1)
	h.Recipients = 2
	s := summary(t, told(t, accepted(h)))
	if s.Recipients != 2 || s.Counts != (Counts{Pending: 2}) || !s.FinishedAt.IsZero() {
		t.Errorf("got %+v", s)
	}
	h.Sequence, s.Header.Sequence = 0, 0
	if s.Header != h {
		t.Errorf("header %+v came back as %+v", h, s.Header)
	}
}

func TestRoomMessageHasNoRecipientsUntilPlanned(t *testing.T) {
	x := told(t, accepted(toRoom()))
	if s := summary(t, x); s.Recipients != 0 || s.Counts != (Counts{}) || !s.FinishedAt.IsZero() {
		t.Errorf("before it is planned: %+v", s)
	}
}

func TestRoomWithoutSubscribersIsFinishedWhenPlanned(t *testing.T) {
	x := told(t, accepted(toRoom()), event(1, rooms.EventPlanned, 30))
	if s := summary(t, x); s.Recipients != 0 || !s.FinishedAt.Equal(after(30)) {
		t.Errorf("got %+v", s)
	}
	if list, err := x.Erasable(clock(), 10); err != nil || len(list) != 1 {
		t.Errorf("erasable: %v, %v", list, err)
	}
}

func TestUnknownUntilTheHeader(t *testing.T) {
	x, l := open(t, testOptions(t)), newFakeLog()
	run(t, x, l)
	l.add(nil, []rooms.Event{delivery(1, 0, 1, rooms.EventSent, 50)})
	await(t, x, l)
	if _, err := x.Message(umid(1)); !errors.Is(err, ErrUnknown) {
		t.Errorf("without header: %v", err)
	}
	if _, _, err := x.Deliveries(umid(1), 0, 10); !errors.Is(err, ErrUnknown) {
		t.Errorf("deliveries without header: %v", err)
	}
	if s, err := x.State(rooms.DeliveryID{UMID: umid(1)}); err != nil || s.Status != rooms.Sent {
		t.Errorf("the state is known before the header: %+v, %v", s, err)
	}
	l.add([]rooms.Header{header(1)}, nil)
	await(t, x, l)
	if s := summary(t, x); s.Counts != (Counts{Sent: 1}) || !s.FinishedAt.Equal(after(50)) {
		t.Errorf("with the header: %+v", s)
	}
}

func TestLifeOfDeliveries(t *testing.T) {
	planned := event(1, rooms.EventPlanned, 2)
	planned.Recipients = 5
	awaited := delivery(1, 0, 1, rooms.EventSent, 40)
	awaited.Receipt = true
	errored := delivery(1, 1, 1, rooms.EventErrored, 41)
	errored.Reason = rooms.TimedOut
	x := told(t, accepted(toRoom()), planned, queued(1, 0, 5, "es-es"), awaited, errored,
		delivery(1, 3, 1, rooms.EventSent, 30), delivery(1, 0, 1, rooms.EventDelivered, 90))
	s := summary(t, x)
	if want := (Counts{Queued: 1, Sent: 1, Delivered: 1, Errored: 1, Failed: 1}); s.Counts != want || s.Recipients != 5 {
		t.Errorf("counts %+v of %d, want %+v", s.Counts, s.Recipients, want)
	}
	if !s.FirstSentAt.Equal(after(30)) || !s.FinishedAt.IsZero() {
		t.Errorf("first sent %v, finished %v", s.FirstSentAt, s.FinishedAt)
	}
	list, next, err := x.Deliveries(umid(1), 0, 10)
	if err != nil || next != -1 {
		t.Fatal(next, err)
	}
	want := []Delivery{
		{0, rooms.Email, rooms.State{Status: rooms.Delivered, Attempt: 1, At: after(90)}, after(5), after(40), false, 0},
		{1, rooms.Email, rooms.State{Status: rooms.Errored, Reason: rooms.TimedOut, Attempt: 1, At: after(41)}, after(5), time.Time{}, false, 0},
		{2, "", rooms.State{Status: rooms.Failed, Reason: rooms.Suppressed, At: after(5)}, time.Time{}, time.Time{}, false, 0},
		{3, rooms.Email, rooms.State{Status: rooms.Sent, Attempt: 1, At: after(30)}, after(5), after(30), false, 0},
		{4, rooms.SMS, rooms.State{Status: rooms.Queued, At: after(5)}, after(5), time.Time{}, false, 0},
	}
	for i := range want {
		if list[i] != want[i] {
			t.Errorf("delivery %d is\n%+v, want\n%+v", i, list[i], want[i])
		}
	}
}

func TestReceiptAwaitedIsNotFinished(t *testing.T) {
	sent := delivery(1, 0, 1, rooms.EventSent, 40)
	sent.Receipt = true
	if s := summary(t, told(t, accepted(header(1)), sent)); !s.FinishedAt.IsZero() {
		t.Errorf("finished at %v without the receipt", s.FinishedAt)
	}
}

func TestErasedIsNoLongerErasable(t *testing.T) {
	x, l := open(t, testOptions(t)), newFakeLog()
	run(t, x, l)
	l.add(nil, []rooms.Event{accepted(header(1)), delivery(1, 0, 1, rooms.EventSent, 40)})
	await(t, x, l)
	for before, want := range map[time.Time]int{umid(1).Time(): 0, umid(1).Time().Add(time.Millisecond): 1} {
		if list, err := x.Erasable(before, 10); err != nil || len(list) != want {
			t.Errorf("before %v: %d, %v, want %d", before, len(list), err, want)
		}
	}
	if list, err := x.ErasableAfter(umid(1), clock(), clock(), 10); err != nil || len(list) != 0 {
		t.Errorf("after the last: %v, %v", list, err)
	}
	l.add(nil, []rooms.Event{event(1, rooms.EventErased, 900)})
	await(t, x, l)
	if list, err := x.Erasable(clock(), 10); err != nil || len(list) != 0 {
		t.Errorf("still erasable: %v, %v", list, err)
	}
	if s := summary(t, x); !s.ErasedAt.Equal(after(900)) {
		t.Errorf("erased at %v", s.ErasedAt)
	}
}

func TestDeliveriesOverPages(t *testing.T) {
	const recipients = 2*rooms.PageSize + 10
	planned := event(1, rooms.EventPlanned, 2)
	planned.Recipients = recipients
	x := told(t, accepted(toRoom()), planned, queued(1, 0, 5, strings.Repeat("e", rooms.PageSize)),
		queued(1, 2, 6, strings.Repeat("s", 10)))
	n := 0
	for from := 0; from >= 0; {
		list, next, err := x.Deliveries(umid(1), from, 700)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			want := rooms.Queued
			if d.N/rooms.PageSize == 1 {
				want = rooms.Pending
			}
			if d.N != n || d.Status != want {
				t.Fatalf("recipient %d is %+v, want %s", n, d, want)
			}
			n++
		}
		from = next
	}
	if n != recipients {
		t.Errorf("%d of %d listed", n, recipients)
	}
}

func TestLookupGivesTheFirstKnown(t *testing.T) {
	x := told(t, accepted(header(1)), accepted(header(2)))
	h := header(2)
	known, ok, err := x.Lookup("no such id", h.TxID, header(1).TxID)
	want := Known{h.UMID, h.MHASH, h.Room, h.ReceivedAt}
	if err != nil || !ok || known != want {
		t.Errorf("got %+v, %v, %v, want %+v", known, ok, err, want)
	}
	if _, ok, err := x.Lookup("no such id"); ok || err != nil {
		t.Errorf("an unknown id: %v, %v", ok, err)
	}
	if _, ok, err := x.Lookup(); ok || err != nil {
		t.Errorf("no id at all: %v, %v", ok, err)
	}
}

// A body that a further round may want is kept until a while after the message has finished, others are not; of a page of
// those that are kept the next ones are found all the same.
func TestWhatCanBeTriedAnewIsKept(t *testing.T) {
	x, l := open(t, testOptions(t)), newFakeLog()
	run(t, x, l)
	var events []rooms.Event
	for n := range 5 { // 0 to 2 can be tried anew, 3 was cancelled, of 4 nothing can be helped
		events = append(events, accepted(header(n)))
		e := delivery(n, 0, 1, rooms.EventFailed, 40)
		e.Reason = rooms.Expired
		if n == 4 {
			e.Reason = rooms.Suppressed
		}
		events = append(events, e)
	}
	gone := event(3, rooms.EventCancelled, 50)
	gone.Control = rooms.Control{State: rooms.ControlCancelled, Entry: 7}
	l.add(nil, append(events, gone))
	await(t, x, l)
	finished := umid(0).Time().Add(40 * time.Millisecond)
	for _, limit := range []int{1, 10} {
		list, err := x.ErasableAfter("", clock(), finished.Add(-time.Second), limit)
		if err != nil || len(list) != min(limit, 2) || list[0].UMID != umid(3) {
			t.Errorf("at most %d: %+v, %v", limit, list, err)
		}
	}
	if list, err := x.ErasableAfter("", clock(), clock(), 10); err != nil || len(list) != 5 {
		t.Errorf("in time all are erased: %d, %v", len(list), err)
	}
}
