package release_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/release"
	"github.com/govcrier/crier/rooms/stream"
)

func TestMessageGoesAtItsTime(t *testing.T) {
	for name, make := range map[string]func(*testing.T, int) publish.Request{
		"to a room": func(_ *testing.T, n int) publish.Request { return request(n) }, "direct": direct,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			r := make(t, 1)
			r.SendAt = h.clock().Add(30 * 24 * time.Hour)
			receipt := h.accept(r)
			if !receipt.SendAt.Equal(r.SendAt) || len(h.sent()) != 0 || !h.wakes(receipt.UMID).Equal(r.SendAt) {
				t.Fatalf("accepted %+v, sent %v, looked at %v", receipt, h.sent(), h.wakes(receipt.UMID))
			}
			if held := h.waiting()[0]; bytes.Contains(held.Payload, []byte("hello")) || bytes.Contains(held.Sealed, []byte("hello")) {
				t.Error("what waits can be read")
			}
			if s := h.summary(receipt.UMID); !s.Held || !s.SendAt.Equal(r.SendAt) || s.Direct != r.Direct || s.Recipients != len(r.Recipients) {
				t.Errorf("it stands as %+v", s)
			}
			h.pass(30*24*time.Hour - time.Second)
			h.look(receipt.UMID)
			if len(h.sent()) != 0 {
				t.Fatal("sent before its time")
			}
			h.pass(time.Second)
			h.look(receipt.UMID)
			h.look(receipt.UMID)
			went(t, h, r, receipt)
			again, err := h.publisher.Publish(t.Context(), r)
			if err != nil || !again.Duplicate || again.UMID != receipt.UMID || len(h.sent()) != 1 {
				t.Errorf("the repeat got %+v, %v", again, err)
			}
		})
	}
}

// went fails unless a message was sent once, as it was published, and nothing waits.
func went(t *testing.T, h *house, r publish.Request, receipt publish.Receipt) {
	t.Helper()
	sent := h.sent()
	if len(sent) != 1 || len(h.waiting()) != 0 {
		t.Fatalf("%d sent, %d wait", len(sent), len(h.waiting()))
	}
	m := sent[0]
	if m.UMID != receipt.UMID || m.Direct != r.Direct || !m.ReceivedAt.Equal(receipt.ReceivedAt) || !m.ExpiresAt.Equal(r.SendAt.Add(24*time.Hour)) {
		t.Errorf("sent %+v", m.Header)
	}
	content := m.Payload
	if r.Direct {
		e, err := m.Open(h.vault)
		must(t, err)
		if content = e.Content; len(e.Recipients) != 1 || e.Recipients[0].Name.Reveal() != "Dinah" || e.Reference != r.Reference {
			t.Errorf("%d recipients, reference %q", len(e.Recipients), e.Reference)
		}
	}
	if !bytes.Equal(content, r.Content) {
		t.Errorf("sent %q, published %q", content, r.Content)
	}
	if s := h.summary(receipt.UMID); s.Held || s.ReleasedAt.IsZero() || s.Sequence != m.Sequence {
		t.Errorf("it stands as %+v", s)
	}
}

// Whatever call fails, done or not done, a message goes once in the end, and nothing is left of its entry.
func TestEachCallMayFail(t *testing.T) {
	for _, done := range []bool{false, true} {
		for n, reached := 1, true; reached; n++ {
			t.Run(fmt.Sprintf("call %d, done %v", n, done), func(t *testing.T) {
				h := newHouse(t)
				r := request(1)
				r.SendAt = h.clock().Add(time.Hour)
				receipt := h.accept(r)
				h.pass(time.Hour)
				h.wires.cut(n, done)
				_ = h.Look(t.Context(), h.due(receipt.UMID)) // a process that dies here tells nobody
				reached = h.wires.reached()
				h.wires.cut(0, false)
				h.look(receipt.UMID)
				must(t, h.Sweep(t.Context()))
				went(t, h, r, receipt)
			})
		}
	}
}

// Long after, when the log itself does not know the message any more, the index does: it went, and goes no second time.
func TestMessageGoesOnceLongAfter(t *testing.T) {
	h := newHouseOn(t, stream.Options{Duplicates: 100 * time.Millisecond})
	r := request(1)
	r.SendAt = h.clock().Add(time.Hour)
	receipt := h.accept(r)
	h.pass(time.Hour)
	h.wires.cut(1, true) // it was appended, and nobody heard of it
	if err := h.Look(t.Context(), h.due(receipt.UMID)); !errors.Is(err, errCut) {
		t.Fatalf("got %v", err)
	}
	h.wires.cut(0, false)
	h.forget()
	h.look(receipt.UMID)
	went(t, h, r, receipt)
}

// The same where the message is accepted: the log has it, and a pass finds what the rest of its way was.
func TestPassFindsWhatNobodyLooksAt(t *testing.T) {
	for n := 2; n <= 3; n++ { // the calls behind the append
		h := newHouse(t)
		r := request(1)
		r.SendAt = h.clock().Add(time.Hour)
		h.wires.cut(n, false)
		receipt := h.accept(r)
		h.wires.cut(0, false)
		must(t, h.Sweep(t.Context()))
		if !h.wakes(receipt.UMID).Equal(r.SendAt) {
			t.Errorf("call %d: looked at %v", n, h.wakes(receipt.UMID))
		}
		h.pass(time.Hour)
		h.look(receipt.UMID)
		went(t, h, r, receipt)
	}
}

// A crash may leave the entry of a message that has gone. Who cancels it then ends what is left of it, and what waits no
// longer is not said to be withdrawn.
func TestCancelledAfterItHasGone(t *testing.T) {
	h := newHouse(t)
	r := request(1)
	r.SendAt = h.clock().Add(time.Hour)
	u := h.accept(r).UMID
	waiting := h.waiting()[0]
	h.pass(2 * time.Hour)
	gone := rooms.Message{Header: waiting.Header, ID: "release." + string(u), Payload: []byte("{}")}
	gone.Held, gone.Sequence = false, 0
	_, _, err := h.log.Append(t.Context(), gone)
	must(t, err)
	_, err = h.controls.Put(t.Context(), rooms.Control{UMID: u, Room: "newborn", State: rooms.ControlCancelled})
	must(t, err)
	must(t, h.log.Record(t.Context(), rooms.Event{Kind: rooms.EventCancelled, Room: "newborn", UMID: u, At: h.clock(),
		Control: rooms.Control{UMID: u, Room: "newborn", State: rooms.ControlCancelled}}))
	h.look(u)
	if len(h.waiting()) != 0 || len(h.sent()) != 1 {
		t.Errorf("%d wait, %d went", len(h.waiting()), len(h.sent()))
	}
	if len(h.notes) != 1 || h.notes[0].Data["action"] != "released" {
		t.Errorf("on record: %+v", h.notes)
	}
	if s := h.summary(u); !s.ErasedAt.IsZero() || s.ReleasedAt.IsZero() {
		t.Errorf("it stands as %+v", s)
	}
}

func TestMessageThatIsPausedOrCancelled(t *testing.T) {
	h := newHouse(t)
	r := request(1)
	r.SendAt = h.clock().Add(time.Hour)
	u := h.accept(r).UMID
	c, err := h.controls.Put(t.Context(), rooms.Control{UMID: u, Room: "newborn", State: rooms.ControlPaused})
	must(t, err)
	h.pass(2 * time.Hour)
	h.look(u)
	if len(h.sent()) != 0 || !h.wakes(u).Equal(h.clock().Add(h.Options.Again)) {
		t.Fatalf("paused, it is sent %d times and looked at %v", len(h.sent()), h.wakes(u))
	}
	c.State = rooms.ControlCancelled
	_, err = h.controls.Put(t.Context(), c)
	must(t, err)
	must(t, h.Sweep(t.Context()))
	s := h.summary(u)
	if len(h.entries()) != 0 || s.Held || s.Control.State != rooms.ControlCancelled || s.FinishedAt.IsZero() || s.ErasedAt.IsZero() {
		t.Errorf("cancelled: %d entries, %+v", len(h.entries()), s)
	}
	if again, err := h.publisher.Publish(t.Context(), r); err != nil || !again.Duplicate {
		t.Errorf("the repeat got %+v, %v", again, err)
	}
}

func TestMessageOfARoomThatIsGone(t *testing.T) {
	h := newHouse(t)
	r := request(1)
	r.SendAt = h.clock().Add(time.Hour)
	u := h.accept(r).UMID
	h.gone = true
	h.pass(time.Hour)
	h.look(u)
	if len(h.entries()) != 0 || h.summary(u).Control.State != rooms.ControlCancelled {
		t.Errorf("%d entries, %+v", len(h.entries()), h.summary(u))
	}
}

// When its time comes the publisher may not publish it any more: it ends. While that cannot be known it waits.
func TestMessageOfOneWhoMayNotPublish(t *testing.T) {
	h := newHouse(t)
	once := request(1)
	once.SendAt = monday
	repeated := weekly(h, time.Time{})
	repeated.TransactionID = "hosp-7-2"
	for _, r := range []publish.Request{once, repeated} {
		h.barred, h.unsure = false, nil
		h.set(monday.Add(-24 * time.Hour))
		u := h.accept(r).UMID
		h.set(monday)
		h.barred, h.unsure = true, errCut
		if err := h.Look(t.Context(), h.due(u)); !errors.Is(err, errCut) || len(h.waiting()) != 1 {
			t.Fatalf("not known: %v, %d wait", err, len(h.waiting()))
		}
		h.unsure = nil
		h.look(u)
		s := h.summary(u)
		if len(h.entries()) != 0 || s.Control.State != rooms.ControlCancelled || s.Control.Reason != rooms.Cancelled || s.Held || s.ErasedAt.IsZero() {
			t.Errorf("%d entries, %+v", len(h.entries()), s)
		}
	}
}

// What goes is from whom its publisher sends for by now.
func TestSenderOfBefore(t *testing.T) {
	h := newHouse(t)
	once := direct(t, 1)
	once.SendAt, once.From = monday, rooms.Sender{Organisation: "Ministry of Health"}
	repeated := weekly(h, time.Time{})
	repeated.TransactionID, repeated.From = "hosp-7-2", once.From
	h.accept(once)
	h.accept(repeated)
	h.set(monday)
	h.from = rooms.Sender{Organisation: "Ministry of Health and Care"}
	for _, m := range h.waiting() {
		h.look(m.UMID)
	}
	sent := h.sent()
	for _, m := range sent {
		if e, err := m.Open(h.vault); err != nil || e.From.Organisation != h.from.Organisation {
			t.Errorf("it is from %+v, %v", e.From, err)
		}
	}
	if len(sent) != 2 {
		t.Errorf("%d sent", len(sent))
	}
}

// After a long outage what has expired does not go.
func TestMessageThatExpires(t *testing.T) {
	h := newHouse(t)
	r := request(1)
	r.SendAt = h.clock().Add(time.Hour)
	u := h.accept(r).UMID
	h.pass(26 * time.Hour)
	h.look(u)
	if s := h.summary(u); len(h.entries()) != 0 || s.Control.Reason != rooms.Expired || s.Held {
		t.Errorf("%d entries, %+v", len(h.entries()), s)
	}
}

func TestAsManyWaitAsMay(t *testing.T) {
	h := newHouse(t)
	h.Options.MaxHeld = 1
	r := request(1)
	r.SendAt = h.clock().Add(time.Hour)
	h.accept(r)
	r = request(2)
	r.SendAt = h.clock().Add(time.Hour)
	if _, err := h.publisher.Publish(t.Context(), r); !errors.Is(err, publish.ErrFull) {
		t.Errorf("got %v", err)
	}
	if err := h.Admit(t.Context(), r.Client); !errors.Is(err, stream.ErrFull) {
		t.Errorf("got %v", err)
	}
	h.accept(request(3)) // which does not wait
	r.TransactionID, r.Lane = "hosp-7-4", rooms.Emergency
	h.accept(r)
	r.TransactionID, r.Lane, r.Alert, r.References = "hosp-7-5", rooms.Normal, rooms.AlertCancel, h.sent()[0].UMID
	h.accept(r)
	if n := len(h.waiting()); n != 3 {
		t.Errorf("%d wait", n)
	}
}

// One client may not take the place of all others.
func TestOneClientMayNotFillAll(t *testing.T) {
	h := newHouse(t)
	h.Options.MaxPerClient = 2
	for n := range 2 {
		r := request(n + 1)
		r.SendAt = h.clock().Add(time.Hour)
		h.accept(r)
	}
	if err := h.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := request(3)
	r.SendAt = h.clock().Add(time.Hour)
	if _, err := h.publisher.Publish(t.Context(), r); !errors.Is(err, publish.ErrFull) {
		t.Errorf("a third message of the same client: %v", err)
	}
	if err := h.Admit(t.Context(), "somebody:else"); err != nil {
		t.Errorf("another client: %v", err)
	}
	h.pass(2 * time.Hour)
	for _, m := range h.waiting() {
		h.look(m.UMID)
	}
	if err := h.Admit(t.Context(), r.Client); err != nil {
		t.Errorf("after they have gone: %v", err)
	}
}

// Quiet hours at acceptance: the message waits for their end; so does one whose time lies in them. Emergencies go.
func TestQuietHours(t *testing.T) {
	h := newHouse(t)
	h.set(time.Date(2026, 11, 22, 22, 30, 0, 0, time.UTC))
	h.policy.Times = rooms.Times{Zone: "Asia/Bishkek", Quiet: []rooms.QuietHours{{From: 22 * 60, Until: 6 * 60}}}
	morning := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC) // 6:00 in Bishkek
	r := request(1)
	receipt := h.accept(r)
	if !receipt.SendAt.Equal(morning) || len(h.sent()) != 0 {
		t.Errorf("accepted %+v", receipt)
	}
	r.SendAt = morning
	h.set(morning)
	h.look(receipt.UMID)
	went(t, h, r, receipt)
	r = request(2)
	r.SendAt = time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC) // midnight there
	if got := h.accept(r); !got.SendAt.Equal(morning.Add(24 * time.Hour)) {
		t.Errorf("accepted %+v", got)
	}
	h.set(morning.Add(-time.Hour))
	r = request(3)
	r.Lane = rooms.Emergency
	if got := h.accept(r); !got.SendAt.IsZero() {
		t.Errorf("an emergency waits: %+v", got)
	}
	r = request(4)
	r.ExpiresAt = h.clock().Add(time.Minute)
	if _, err := h.publisher.Publish(t.Context(), r); !errors.Is(err, publish.ErrNever) {
		t.Errorf("what expires before the morning: %v", err)
	}
	h.policy.Times = rooms.Times{Until: "2026-01-01"}
	if _, err := h.publisher.Publish(t.Context(), request(5)); !errors.Is(err, publish.ErrNever) {
		t.Errorf("after the last day: %v", err)
	}
}

// An event is for applications, which need no sleep: it goes at once, and would expire before it went.
func TestQuietHoursAreForPeople(t *testing.T) {
	h := newHouse(t)
	h.set(time.Date(2026, 11, 22, 22, 30, 0, 0, time.UTC))
	h.policy.Times = rooms.Times{Zone: "Asia/Bishkek", Quiet: []rooms.QuietHours{{From: 22 * 60, Until: 6 * 60}}}
	r := request(1)
	r.Event = true
	receipt := h.accept(r)
	if sent := h.sent(); !receipt.SendAt.IsZero() || len(sent) != 1 || sent[0].Held || !sent[0].ExpiresAt.Equal(h.clock().Add(h.policy.Expiry)) {
		t.Errorf("accepted %+v, sent %+v", receipt, sent)
	}
}

func emergency(h *house, n int) publish.Request {
	h.policy.Release = rooms.ReleaseTwoPerson
	r := request(n)
	r.Lane = rooms.Emergency
	return r
}

func TestTwoPersons(t *testing.T) {
	h := newHouse(t)
	r := emergency(h, 1)
	receipt := h.accept(r)
	u := receipt.UMID
	if !receipt.Awaits || len(h.sent()) != 0 {
		t.Fatalf("accepted %+v", receipt)
	}
	if err := h.Agree(t.Context(), u, "hosp-7"); !errors.Is(err, release.ErrOwn) {
		t.Errorf("by its author: %v", err)
	}
	if s := h.summary(u); !s.Awaits || !h.wakes(u).Equal(s.ExpiresAt) {
		t.Errorf("it stands as %+v", s)
	}
	h.pass(time.Minute)
	must(t, h.Agree(t.Context(), u, "hosp-8"))
	if len(h.sent()) != 1 || len(h.waiting()) != 0 {
		t.Fatalf("%d sent, %d wait", len(h.sent()), len(h.waiting()))
	}
	if m := h.sent()[0]; m.ReleasedBy != "hosp-8" || m.Awaits || !m.SendAt.Equal(h.clock()) {
		t.Errorf("sent %+v", m.Header)
	}
	must(t, h.Agree(t.Context(), u, "hosp-8")) // once more is no error
	for _, by := range []rooms.Client{"hosp-9", "hosp-7"} {
		if err := h.Agree(t.Context(), u, by); !errors.Is(err, release.ErrNotAwaiting) {
			t.Errorf("once more by %s: %v", by, err)
		}
	}
	if err := h.Reject(t.Context(), u, "hosp-8"); !errors.Is(err, release.ErrNotAwaiting) {
		t.Errorf("rejected what has gone: %v", err)
	}
	if s := h.summary(u); s.ReleasedBy != "hosp-8" || s.Awaits {
		t.Errorf("it stands as %+v", s)
	}
	var told []string
	for _, n := range h.notes {
		told = append(told, n.Source+" "+n.Data["action"])
	}
	if fmt.Sprint(told) != "[hosp-8 agreed hosp-8 released]" {
		t.Errorf("on record: %v", told)
	}
}

// Whatever call fails while a second person agrees, the message goes once, when he asks again.
func TestAgreementSurvives(t *testing.T) {
	for n, reached := 1, true; reached; n++ {
		for _, done := range []bool{false, true} {
			h := newHouse(t)
			u := h.accept(emergency(h, 1)).UMID
			h.wires.cut(n, done)
			_ = h.Agree(t.Context(), u, "hosp-8")
			reached = h.wires.reached()
			h.wires.cut(0, false)
			must(t, h.Agree(t.Context(), u, "hosp-8"))
			h.look(u)
			h.settle()
			if len(h.sent()) != 1 || len(h.waiting()) != 0 {
				t.Errorf("call %d, done %v: %d sent, %d wait", n, done, len(h.sent()), len(h.waiting()))
			}
		}
	}
}

func TestSecondPersonAgreesAheadOfItsTime(t *testing.T) {
	h := newHouse(t)
	r := emergency(h, 1)
	r.SendAt = h.clock().Add(time.Hour)
	receipt := h.accept(r)
	must(t, h.Agree(t.Context(), receipt.UMID, "boss"))
	if s := h.summary(receipt.UMID); len(h.sent()) != 0 || !s.Held || s.Awaits || !h.wakes(receipt.UMID).Equal(r.SendAt) {
		t.Fatalf("agreed, it stands as %+v", s)
	}
	h.pass(time.Hour)
	h.look(receipt.UMID)
	went(t, h, r, receipt)
}

func TestNobodyAgrees(t *testing.T) {
	h := newHouse(t)
	first, second := h.accept(emergency(h, 1)).UMID, h.accept(emergency(h, 2)).UMID
	must(t, h.Reject(t.Context(), first, "hosp-7"))
	if s := h.summary(first); s.Control.State != rooms.ControlCancelled || s.Control.By != "hosp-7" || s.Held {
		t.Errorf("rejected: %+v", s)
	}
	h.pass(24 * time.Hour)
	if err := h.Agree(t.Context(), second, "boss"); !errors.Is(err, release.ErrNotAwaiting) {
		t.Errorf("agreed too late: %v", err)
	}
	h.look(second)
	if s := h.summary(second); s.Control.Reason != rooms.Expired || len(h.entries()) != 0 {
		t.Errorf("expired: %+v, %d entries", s, len(h.entries()))
	}
}

// An alert that takes the place of another ends it, before the publisher has his answer; what waits never goes.
func TestAlertEndsTheEarlierOne(t *testing.T) {
	h := newHouse(t)
	r := request(1)
	r.SendAt = h.clock().Add(time.Hour)
	waits, goes := h.accept(r).UMID, h.accept(request(2)).UMID
	for i, earlier := range []rooms.UMID{waits, goes} {
		next := request(10 + i)
		next.Alert, next.References = rooms.AlertUpdate, earlier
		asked := 0
		next.Earlier = func(context.Context) error { asked++; return nil }
		u := h.accept(next).UMID
		c, err := h.controls.Read(t.Context(), earlier)
		if err != nil || c.State != rooms.ControlCancelled || c.Reason != rooms.Superseded || c.By != "hosp-7" {
			t.Errorf("decided %+v, %v", c, err)
		}
		if s := h.summary(earlier); s.SupersededBy != u || s.Held {
			t.Errorf("it stands as %+v", s)
		}
		if s := h.summary(u); s.References != earlier || s.Alert != rooms.AlertUpdate {
			t.Errorf("the alert stands as %+v", s)
		}
		again, err := h.publisher.Publish(t.Context(), next)
		if err != nil || !again.Duplicate || asked != 1 {
			t.Errorf("the repeat got %+v, %v; asked %d times", again, err, asked)
		}
	}
	if len(h.waiting()) != 0 || len(h.sent()) != 3 {
		t.Errorf("%d wait, %d sent", len(h.waiting()), len(h.sent()))
	}
}

// An alert that waits leaves the earlier one alone until it goes, and one that may not be is not accepted.
func TestAlertThatWaits(t *testing.T) {
	h := newHouse(t)
	earlier := h.accept(request(1)).UMID
	r := request(2)
	r.Alert, r.References, r.SendAt = rooms.AlertCancel, earlier, h.clock().Add(time.Hour)
	u := h.accept(r).UMID
	if c, err := h.controls.Read(t.Context(), earlier); err != nil || !c.Runs() {
		t.Errorf("decided %+v, %v", c, err)
	}
	h.pass(time.Hour)
	h.look(u)
	if c, err := h.controls.Read(t.Context(), earlier); err != nil || c.State != rooms.ControlCancelled {
		t.Errorf("decided %+v, %v", c, err)
	}
	no := errors.New("no")
	r = request(3)
	r.Alert, r.References, r.Earlier = rooms.AlertCancel, earlier, func(context.Context) error { return no }
	if _, err := h.publisher.Publish(t.Context(), r); !errors.Is(err, no) {
		t.Errorf("got %v", err)
	}
}
