package index

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/govcrier/crier/rooms"
)

// folded is a message and its pages, folded without any storage.
type folded struct {
	message message
	pages   map[int]*page
}

func fold(events []rooms.Event) folded {
	f := folded{pages: map[int]*page{}}
	f.message.name(umid(1))
	for _, e := range events {
		n, ok := pageOf(e)
		if !ok {
			f.message.apply(e, nil)
			continue
		}
		if f.pages[n] == nil {
			f.pages[n] = &page{}
		}
		f.message.apply(e, f.pages[n])
	}
	return f
}

// String is all that can be asked of it.
func (f folded) String() string {
	s := fmt.Sprintf("%+v erasable %v\n", f.message.summary(), f.message.erasable())
	for _, n := range []int{0, 1} {
		if p := f.pages[n]; p != nil {
			for i := range 4 {
				s += fmt.Sprintf("%d.%d %+v\n", n, i, p.delivery(f.message.base, n, i))
			}
		}
	}
	return s
}

// anyEvent draws an event of message 1; recipients stand on two pages.
func anyEvent(t *rapid.T) rooms.Event {
	e := event(1, rapid.SampledFrom(rooms.Kinds()).Draw(t, "kind"), rapid.IntRange(-5, 40).Draw(t, "ms"))
	e.At = e.At.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "quarter")) * time.Millisecond / 4)
	switch e.Kind {
	case rooms.EventAccepted, rooms.EventScheduled:
		h := header(1)
		h.Held = e.Kind == rooms.EventScheduled
		h.Awaits = h.Held && rapid.Bool().Draw(t, "awaits")
		h.Direct = rapid.Bool().Draw(t, "direct")
		h.Recipients = rapid.IntRange(0, 8).Draw(t, "recipients")
		h.TxID = rapid.SampledFrom([]string{"", "tx"}).Draw(t, "txid")
		e.Message = &h
	case rooms.EventPlanned:
		e.Recipients = rapid.IntRange(0, 8).Draw(t, "recipients")
	case rooms.EventQueued:
		e.Page = rapid.IntRange(0, 1).Draw(t, "page")
		e.Marks = rapid.StringMatching(`[eswpmtax-]{0,4}`).Draw(t, "marks")
		e.Recipients = rapid.SampledFrom([]int{0, len(e.Marks)}).Draw(t, "recipients")
	case rooms.EventErased:
	case rooms.EventPaused, rooms.EventResumed, rooms.EventHeld, rooms.EventCancelled:
		e.Control = rooms.Control{
			Room: e.Room, State: rapid.SampledFrom([]rooms.ControlState{rooms.ControlRunning, rooms.ControlPaused, rooms.ControlCancelled}).Draw(t, "control"),
			By: rapid.SampledFrom([]rooms.Client{"", "hosp-7"}).Draw(t, "by"), At: e.At,
			Failed: rapid.IntRange(0, 2).Draw(t, "failed"), Entry: rapid.Uint64Range(0, 3).Draw(t, "entry"),
		}
	default:
		e.N = rapid.SampledFrom([]int{0, 1, 3, rooms.PageSize, rooms.PageSize + 2}).Draw(t, "n")
		e.Attempt = rapid.IntRange(0, 3).Draw(t, "attempt")
		e.Channel = rapid.SampledFrom(append(rooms.Channels(), "")).Draw(t, "channel")
		e.Reason = rapid.SampledFrom(rooms.Reasons()).Draw(t, "reason")
		e.Round = rapid.IntRange(0, rooms.MaxRounds).Draw(t, "round")
		e.Receipt = rapid.Bool().Draw(t, "receipt")
		e.ProviderID = rapid.SampledFrom([]string{"", "id"}).Draw(t, "provider id")
		e.Sequence = rapid.Uint64Range(0, 50).Draw(t, "sequence")
		e.RetryAt = rapid.SampledFrom([]time.Time{{}, e.At.Add(time.Hour), e.At.Add(2 * time.Hour)}).Draw(t, "retry")
	}
	return e
}

func TestFoldAnyOrderAnyRepetition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(rapid.Custom(anyEvent), 0, 25).Draw(t, "events")
		repeated := slices.Clone(events)
		if len(events) > 0 {
			repeated = append(repeated, rapid.SliceOfN(rapid.SampledFrom(events), 0, 20).Draw(t, "repeated")...)
		}
		other := rapid.Permutation(repeated).Draw(t, "order")
		if want, got := fold(events).String(), fold(other).String(); want != got {
			t.Fatalf("another order gives another answer:\n%s\n%s", want, got)
		}
	})
}

func TestFoldCountsAreTheStates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := fold(rapid.SliceOfN(rapid.Custom(anyEvent), 0, 40).Draw(t, "events"))
		var counts [statuses]int
		settled, wrong, helpable, undecided, dead := 0, 0, 0, 0, 0
		for _, p := range f.pages {
			for i := range p.len() {
				s := p.slot(i)
				counts[s.status]++
				if s.done() {
					settled++
				}
				if s.status == stateFailed && rooms.Reasons()[s.reason].Wrong() && !s.isDropped() {
					wrong++
				}
				open := s.status == stateErrored && rooms.Reasons()[s.reason] == rooms.Unknown && s.retry == 0
				if open {
					undecided++
				}
				dropped := s.dropped == s.round+1
				if (open || s.status == stateFailed && rooms.Reasons()[s.reason].Helpable()) && s.round < rooms.MaxRounds && !dropped {
					helpable++
				}
				if (open || s.status == stateFailed && rooms.Reasons()[s.reason].Wrong()) && !dropped {
					dead++
				}
			}
		}
		counts[statePending] = f.message.counts[statePending]
		if wrong != f.message.wrong || helpable != f.message.helpable {
			t.Fatalf("counted %d wrong and %d helpable, states say %d and %d", f.message.wrong, f.message.helpable, wrong, helpable)
		}
		if undecided != f.message.undecided || dead != f.message.dead {
			t.Fatalf("counted %d undecided and %d dead, states say %d and %d", f.message.undecided, f.message.dead, undecided, dead)
		}
		if counts != f.message.counts || settled != f.message.settled {
			t.Fatalf("counted %v and %d settled, states say %v and %d", f.message.counts, f.message.settled, counts, settled)
		}
		c, total := f.message.named(), f.message.total()
		if sum := c.Pending + c.Queued + c.Sent + c.Delivered + c.Errored + c.Failed; sum != total || c.Pending < 0 {
			t.Fatalf("%+v do not sum to %d", c, total)
		}
	})
}

func TestFoldedValuesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := fold(rapid.SliceOfN(rapid.Custom(anyEvent), 0, 25).Draw(t, "events"))
		again := folded{pages: map[int]*page{}}
		if err := again.message.unpack(f.message.pack()); err != nil {
			t.Fatal(err)
		}
		again.message.name(umid(1))
		for n, p := range f.pages {
			again.pages[n] = &page{}
			if err := again.pages[n].unpack(slices.Clone(p.pack())); len(p.raw) > 0 && err != nil {
				t.Fatal(err)
			}
		}
		if f.String() != again.String() {
			t.Fatalf("stored and read back:\n%s\n%s", f, again)
		}
	})
}

func TestDamagedValuesAreSeen(t *testing.T) {
	h := header(1)
	m := fold([]rooms.Event{accepted(h)}).message
	raw := m.pack()
	for cut := range len(raw) {
		if err := new(message).unpack(raw[:cut]); err == nil {
			t.Fatalf("a message cut to %d of %d bytes is taken for whole", cut, len(raw))
		}
	}
	oneSlot := make([]byte, pageHead)
	oneSlot[pageHead-1] = 1
	for _, raw := range [][]byte{{1}, append(make([]byte, pageHead), 1), oneSlot, append(append(oneSlot, 7), make([]byte, slotSize-1)...)} {
		if err := new(page).unpack(raw); err == nil {
			t.Errorf("a page of %d bytes is taken for whole", len(raw))
		}
	}
}

// TestEqualStatesOfTwoAttempts is what rooms.State.Join leaves open: two terminal states that
// differ in their attempt alone.
func TestEqualStatesOfTwoAttempts(t *testing.T) {
	a := slotOf(delivery(1, 0, 1, rooms.EventFailed, 40), 40, 0)
	b := slotOf(delivery(1, 0, 2, rooms.EventFailed, 40), 40, 0)
	if ab, ba := a.join(b), b.join(a); ab != ba || ab.attempt != 2 {
		t.Errorf("joined they are %+v one way and %+v the other", ab, ba)
	}
}

// Of what differs in the time of the next attempt alone, the later one counts, whichever came first.
func TestEqualStatesOfTwoNextAttempts(t *testing.T) {
	a := slotOf(delivery(1, 0, 1, rooms.EventPostponed, 40), 40, 500)
	b := slotOf(delivery(1, 0, 1, rooms.EventPostponed, 40), 40, 900)
	if ab, ba := a.join(b), b.join(a); ab != ba || ab.retry != 900 {
		t.Errorf("joined they are %+v one way and %+v the other", ab, ba)
	}
}
