package channels

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/rooms"
)

// notes is a list of suppressions that writes down what it is told.
type notes struct {
	*diary
	holds bool
}

func (n notes) Holds(rooms.Endpoint) bool             { return n.holds }
func (notes) Stopped(rooms.Room, rooms.Endpoint) bool { return false }
func (notes) Erased(rooms.Endpoint, time.Time) bool   { return false }

func (n notes) Refused(_ context.Context, _ rooms.Endpoint, r rooms.Reason, attempt string) error {
	return n.note("refused %s %s", r, attempt)
}
func (n notes) Taken(_ context.Context, _ rooms.Endpoint, delivery string, receipt bool) error {
	return n.note("taken %s %t", delivery, receipt)
}
func (n notes) Delivered(_ context.Context, delivery string) error {
	return n.note("delivered %s", delivery)
}

func (n notes) Returned(_ context.Context, a rooms.AttemptID, room rooms.Room, _ rooms.Endpoint) error {
	return n.note("returned %s %d.%d", room, a.N, a.Attempt)
}

// Nothing goes to an address that takes nothing, but emergencies; and what an attempt says of an address is noted before
// the attempt is.
func TestAddressesThatTakeNothing(t *testing.T) {
	attempt := string(testUMID) + ".0"
	for name, tc := range map[string]struct {
		holds   bool
		lane    rooms.Lane
		outcome Outcome
		want    []string
	}{
		"held":               {true, rooms.Normal, Outcome{Result: Sent}, []string{"record failed 0.1 suppressed", "done"}},
		"held, an emergency": {true, rooms.Emergency, Outcome{Result: Sent, Receipt: true}, []string{"taken " + attempt + " true", "record sent 0.1 ", "done"}},
		"not held":           {false, rooms.Normal, Outcome{Result: Sent}, []string{"taken " + attempt + " false", "record sent 0.1 ", "done"}},
		"no mailbox": {false, rooms.Normal, Outcome{Result: Rejected, Reason: rooms.NoMailbox},
			[]string{"refused no-mailbox " + attempt + ".1", "record failed 0.1 no-mailbox", "done"}},
		"rejected": {false, rooms.Normal, Outcome{Result: Rejected, Reason: rooms.Rejected}, []string{"record failed 0.1 rejected", "done"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &diary{}
				w := newWorker(d, always(tc.outcome))
				w.suppressions = notes{d, tc.holds}
				j := d.job(0)
				j.Lane = tc.lane
				w.do(t.Context(), t.Context(), j, nobody)
				d.expect(t, tc.want...)
			})
		})
	}
}

// Who has left a moment ago is asked after though the message is fresh, and subscribers are told where to leave.
func TestLeavingIsAtOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		owner string
		left  bool
		want  []string
		leave string
	}{
		"left":  {subscriber, true, []string{"subscribed?", "record failed 0.1 suppressed", "done"}, ""},
		"here":  {subscriber, false, []string{"record sent 0.1 ", "done"}, "https://crier.example/leave/x"},
		"named": {"owner", true, []string{"record sent 0.1 ", "done"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &diary{left: tc.left}
				leave := ""
				w := newWorker(d, send(func(_ context.Context, d rooms.Delivery) Outcome {
					leave = d.Leave.Reveal()
					return Outcome{Result: Sent}
				}))
				w.left = func(_ rooms.Room, id rooms.SubscriberID) bool { return tc.left && id == subscriber }
				w.leave = func(rooms.Room, rooms.SubscriberID, rooms.Contact) rooms.Address {
					at, _ := rooms.ParseURL("https://crier.example/leave/x")
					return at
				}
				w.opener.messages = func(context.Context, uint64) (rooms.Message, error) {
					m := testMessage
					m.ReceivedAt = time.Now()
					return m, nil
				}
				j := d.job(0)
				j.Owner = tc.owner
				w.do(t.Context(), t.Context(), j, nobody)
				d.expect(t, tc.want...)
				if leave != tc.leave {
					t.Errorf("told to leave at %q, want %q", leave, tc.leave)
				}
			})
		})
	}
}
