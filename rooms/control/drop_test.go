package control_test

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/control"
	"github.com/govcrier/crier/rooms/index"
)

// What is dropped is never tried anew; who said so is on record. What nobody knows of fails.
func TestDroppedStayFailed(t *testing.T) {
	r := newRig(t)
	m := r.publish(4, true)
	for n, why := range []rooms.Reason{rooms.Rejected, rooms.Expired, rooms.Suppressed} {
		r.fail(m, n, 0, why, "")
	}
	r.undecide(m, 3, 0, "")
	for want := range []int{1, 0} {
		done, err := r.desk.DropFailed(t.Context(), m.UMID, "boss", rooms.FailedFilter{Reasons: []rooms.Reason{rooms.Rejected, rooms.Suppressed}})
		if err != nil || done != (control.Dropped{Dropped: 1 - want}) {
			t.Errorf("%+v, %v", done, err)
		}
	}
	if done, err := r.desk.DropFailed(t.Context(), m.UMID, "boss", rooms.FailedFilter{Deliveries: []int{3}}); err != nil || done.Dropped != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	if s := r.summary(m.UMID); s.Counts.Failed != 4 || s.Undecided != 0 || s.Dead != 1 || s.Helpable != 1 {
		t.Errorf("%+v", s)
	}
	if done, err := r.desk.Resend(t.Context(), m.UMID, "hosp-7", rooms.FailedFilter{}); err != nil || done.Requeued != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	by := map[rooms.Kind]string{}
	for _, kind := range []rooms.Kind{rooms.EventDropped, rooms.EventRequeued} {
		if err := r.log.ScanEvents(t.Context(), m.Room, kind, m.ReceivedAt, func(e rooms.Event) { by[kind] += string(e.By) + " " }); err != nil {
			t.Fatal(err)
		}
	}
	if by[rooms.EventDropped] != "boss boss " || by[rooms.EventRequeued] != "hosp-7 " {
		t.Errorf("on record are %v", by)
	}
}

// What a person drops does not hold its message; what fails after it was resumed counts from then on.
func TestWhatIsDroppedHoldsNothing(t *testing.T) {
	r := newRig(t)
	r.rules.HoldAfter = 3
	h := &control.Holder{Desk: r.desk, Log: slog.New(slog.DiscardHandler)}
	r.background(h.Run)
	m := r.publish(20, true)
	drop := func(want int) {
		t.Helper()
		r.folded()
		if done, err := r.desk.DropFailed(t.Context(), m.UMID, "boss", rooms.FailedFilter{}); err != nil || done.Dropped != want {
			t.Fatalf("%+v, %v", done, err)
		}
	}
	held := func(n int) {
		t.Helper()
		r.fail(m, n, 0, rooms.Rejected, "")
		h.Failed(m.UMID)
		r.eventually("held", func() string {
			if c := r.controls.Of(m.UMID); c.State != rooms.ControlHeld {
				return fmt.Sprintf("%+v", c)
			}
			return ""
		})
	}
	for n := range 4 {
		r.undecide(m, n, 0, "")
	}
	drop(4)
	r.fail(m, 4, 0, rooms.Rejected, "")
	r.fail(m, 5, 0, rooms.Rejected, "")
	r.counted(h, m)
	if c := r.controls.Of(m.UMID); !c.Runs() {
		t.Fatalf("%+v", c)
	}
	held(6)
	r.folded()
	if _, err := r.desk.Resume(t.Context(), m.UMID, "boss"); err != nil {
		t.Fatal(err)
	}
	drop(3)
	r.fail(m, 7, 0, rooms.Rejected, "")
	r.fail(m, 8, 0, rooms.Rejected, "")
	r.counted(h, m)
	if c := r.controls.Of(m.UMID); !c.Runs() {
		t.Fatalf("%+v", c)
	}
	held(9)
}

// Only what is picked out is tried anew.
func TestSomeAreTriedAnew(t *testing.T) {
	r := newRig(t)
	m := r.publish(5, true)
	for n := range 5 {
		r.fail(m, n, 0, []rooms.Reason{rooms.Rejected, rooms.Expired}[n%2], "")
	}
	for _, f := range []rooms.FailedFilter{{Deliveries: []int{4}}, {Reasons: []rooms.Reason{rooms.Expired}}, {Channels: []rooms.Channel{rooms.Email}}} {
		if _, err := r.desk.Resend(t.Context(), m.UMID, "hosp-7", f); err != nil {
			t.Error(err)
		}
	}
	var tried []int
	for _, j := range r.queue() {
		tried = append(tried, j.N)
	}
	if len(tried) != 3 || tried[0] != 4 || tried[1] != 1 || tried[2] != 3 {
		t.Errorf("tried anew are %v", tried)
	}
}

// A sweep goes over the messages of a room, the newest first; what cannot be tried anew holds it up as little as what it has
// done before.
func TestSweep(t *testing.T) {
	r := newRig(t)
	var all []rooms.Message
	for range 45 {
		m := r.publish(2, true)
		r.fail(m, 0, 0, rooms.Expired, "")
		r.fail(m, 1, 0, rooms.NoMailbox, "")
		all = append(all, m)
	}
	if _, err := r.desk.Cancel(t.Context(), all[7].UMID, "boss", rooms.NoReason); err != control.ErrFinished { //nolint:errorlint // this very one
		t.Fatal(err)
	}
	r.record(rooms.Event{Kind: rooms.EventErased, Room: "newborn", UMID: all[30].UMID, At: r.now()})
	s := control.Sweep{Room: "newborn", Next: all[42].UMID, FailedFilter: rooms.FailedFilter{Reasons: []rooms.Reason{rooms.Expired}}}
	if done, err := r.desk.ResendAll(t.Context(), "boss", s); err != nil || done != (control.Swept{Messages: 42, Deliveries: 42, Skipped: 1}) {
		t.Errorf("%+v, %v", done, err)
	}
	if done, err := r.desk.ResendAll(t.Context(), "boss", control.Sweep{Room: "newborn", Publisher: "another"}); err != nil || done != (control.Swept{}) {
		t.Errorf("of another's: %+v, %v", done, err)
	}
	s.Next = ""
	if done, err := r.desk.ResendAll(t.Context(), "boss", s); err != nil || done != (control.Swept{Messages: 2, Deliveries: 2, Skipped: 1}) {
		t.Errorf("the rest: %+v, %v", done, err)
	}
	if done, err := r.desk.DropAll(t.Context(), "boss", control.Sweep{Room: "newborn"}); err != nil || done.Deliveries != 46 || done.Messages != 45 || done.Next != "" {
		t.Errorf("%+v, %v", done, err)
	}
	if list, _, err := r.index.DeadMessages(indexQuery("newborn"), "", 10); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A long sweep is done in parts, each of which says where the next goes on.
func TestLongSweepIsDoneInParts(t *testing.T) {
	r := newRig(t)
	for range 103 {
		r.fail(r.publish(1, true), 0, 0, rooms.Rejected, "")
	}
	first, err := r.desk.DropAll(t.Context(), "boss", control.Sweep{Room: "newborn"})
	if err != nil || first.Deliveries != 100 || first.Next == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := r.desk.DropAll(t.Context(), "boss", control.Sweep{Room: "newborn", Next: first.Next})
	if err != nil || second.Deliveries != 3 || second.Next != "" {
		t.Errorf("%+v, %v", second, err)
	}
}

// blind finds nothing in one call, and says that more follows.
type blind struct{ control.Index }

func (blind) Dead(control.Sweep, rooms.UMID, int) ([]rooms.Header, rooms.UMID, error) {
	return nil, "01KAMVJVG0ZJ2C5YD3GZ7A8Q4M", nil
}

// Where messages of others were looked past for long, a part ends with nothing done, and says where the next goes on.
func TestSweepPastOthers(t *testing.T) {
	r := newRig(t)
	r.desk.Index = blind{r.desk.Index}
	if done, err := r.desk.DropAll(t.Context(), "boss", control.Sweep{Room: "newborn"}); err != nil || done != (control.Swept{Next: "01KAMVJVG0ZJ2C5YD3GZ7A8Q4M"}) {
		t.Errorf("%+v, %v", done, err)
	}
}

func indexQuery(room rooms.Room) index.DeadQuery { return index.DeadQuery{Room: room} }
