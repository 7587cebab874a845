package channels

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// avoiding is a policy by which nothing is sent twice, and a ledger of claims.
type avoiding struct {
	*diary
	unknown string // of the policy
	before  bool   // somebody has begun the attempt
}

func (a avoiding) Policy(context.Context, rooms.Revision) (rooms.Policy, error) {
	return rooms.Policy{Retry: []time.Duration{5 * time.Minute}, Duplicates: rooms.DuplicatesAvoid, Unknown: a.unknown}, nil
}

func (a avoiding) Claim(_ context.Context, id rooms.AttemptID, _ time.Time) (uint64, error) {
	if err := a.note("claim %d.%d", id.N, id.Attempt); err != nil {
		return 0, err
	}
	if a.before {
		return 0, stream.ErrExists
	}
	return 7, nil
}

func (a avoiding) Claimed(_ context.Context, id rooms.AttemptID) (bool, error) {
	return a.before, a.note("claimed? %d.%d", id.N, id.Attempt)
}

func (a avoiding) Unclaim(_ context.Context, claim uint64) error { return a.note("unclaim %d", claim) }

func (a avoiding) worker(p Provider) *worker {
	w := newWorker(a.diary, p)
	w.policies, w.claims = a, a
	return w
}

// sends notes that it was asked to, and answers.
func (a avoiding) sends(o Outcome) send {
	return func(context.Context, rooms.Delivery) Outcome {
		_ = a.note("send")
		return o
	}
}

// An attempt is claimed before it is sent. What is known not to be sent gives its claim back if it is to be made again under
// the same number; what is not known is never sent again under it.
func TestAttemptIsClaimedFirst(t *testing.T) {
	unknown := Outcome{Result: Deferred, Reason: rooms.Unknown}
	for name, tc := range map[string]struct {
		avoiding
		outcome Outcome
		fail    string
		want    []string
	}{
		"sent":      {outcome: Outcome{Result: Sent}, want: []string{"claim 0.1", "send", "record sent 0.1 ", "done"}},
		"rejected":  {outcome: Outcome{Result: Rejected}, want: []string{"claim 0.1", "send", "record failed 0.1 rejected", "done"}},
		"deferred":  {outcome: Outcome{Result: Deferred}, want: []string{"claim 0.1", "send", "park 0.2 in 5m0s", "record errored 0.1 deferred", "done"}},
		"throttled": {outcome: Outcome{Result: Throttled, After: time.Second}, want: []string{"claim 0.1", "send", "unclaim 7", "later 1s"}},
		"held":      {outcome: unknown, want: []string{"claim 0.1", "send", "park 0.1 in 1h0m0s", "record errored 0.1 unknown", "done"}},
		"held, in words": {avoiding: avoiding{unknown: rooms.UnknownHold}, outcome: unknown,
			want: []string{"claim 0.1", "send", "park 0.1 in 1h0m0s", "record errored 0.1 unknown", "done"}},
		"resent": {avoiding: avoiding{unknown: rooms.UnknownResend}, outcome: unknown,
			want: []string{"claim 0.1", "send", "park 0.2 in 5m0s", "record errored 0.1 unknown", "done"}},
		"begun before, held": {avoiding: avoiding{before: true},
			want: []string{"claim 0.1", "park 0.1 in 1h0m0s", "record errored 0.1 unknown", "done"}},
		"begun before, resent": {avoiding: avoiding{before: true, unknown: rooms.UnknownResend},
			want: []string{"claim 0.1", "park 0.2 in 5m0s", "record errored 0.1 unknown", "done"}},
		"not claimed": {fail: "claim", want: []string{"claim 0.1 failed", "later 30s"}},
		"not parked":  {outcome: Outcome{Result: Deferred}, fail: "park", want: []string{"claim 0.1", "send", "park 0.2 in 5m0s failed", "unclaim 7", "later 1m0s"}},
		"not parked, unknown": {outcome: unknown, fail: "park",
			want: []string{"claim 0.1", "send", "park 0.1 in 1h0m0s failed", "later 1m0s"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := tc.avoiding
				a.diary = &diary{fail: map[string]error{}}
				if tc.fail != "" {
					a.fail[tc.fail] = errTest
				}
				a.worker(a.sends(tc.outcome)).do(t.Context(), t.Context(), a.job(0), nobody)
				a.expect(t, tc.want...)
			})
		})
	}
}

// An emergency is sent twice rather than late.
func TestEmergencyIsNotClaimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := avoiding{diary: &diary{}, before: true}
		j := a.job(0)
		j.Lane = rooms.Emergency
		a.worker(a.sends(Outcome{Result: Deferred, Reason: rooms.Unknown})).do(t.Context(), t.Context(), j, nobody)
		a.expect(t, "send", "park 0.2 in 5m0s", "record errored 0.1 unknown", "done")
	})
}

// Of what our stopping cuts short, only what was surely not sent goes back.
func TestStoppingKeepsWhatMayBeSent(t *testing.T) {
	for reason, want := range map[rooms.Reason][]string{
		rooms.TimedOut: {"claim 0.1", "unclaim 7", "later 0s"},
		rooms.Unknown:  {"claim 0.1", "park 0.1 in 1h0m0s", "record errored 0.1 unknown", "done"},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := avoiding{diary: &diary{}}
			ctx, stop := context.WithCancel(t.Context())
			a.worker(send(func(context.Context, rooms.Delivery) Outcome {
				stop()
				return Outcome{Result: Deferred, Reason: reason}
			})).do(t.Context(), ctx, a.job(0), nobody)
			a.expect(t, want...)
		})
	}
}

// At its deadline an undecided delivery fails, unless it is known by then what became of it, or somebody has decided.
func TestUndecidedEndsAtItsDeadline(t *testing.T) {
	open := rooms.State{Status: rooms.Errored, Reason: rooms.Unknown, Attempt: 1}
	decided := open
	decided.Round = 1
	for name, tc := range map[string]struct {
		state rooms.State
		early time.Duration
		want  []string
	}{
		"undecided": {open, 0, []string{"state? 0", "record failed 0.1 unknown", "done"}},
		"decided":   {decided, 0, []string{"state? 0", "done"}},
		"heard of":  {rooms.State{Status: rooms.Sent, Attempt: 1}, 0, []string{"state? 0", "done"}},
		"too early": {open, 3 * time.Second, []string{"later 3s"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := avoiding{diary: &diary{state: tc.state}}
				j := a.job(0)
				j.Undecided, j.Deadline = true, time.Now().Add(tc.early)
				j.Due = j.Deadline
				a.worker(a.sends(Outcome{Result: Sent})).do(t.Context(), t.Context(), j, nobody)
				a.expect(t, tc.want...)
			})
		})
	}
}

func (r *rig) avoiding(unknown string, p Provider) Deps {
	d := r.deps(p)
	d.Policies = avoidingPolicy(unknown)
	return d
}

type avoidingPolicy string

func (p avoidingPolicy) Policy(context.Context, rooms.Revision) (rooms.Policy, error) {
	return rooms.Policy{Retry: []time.Duration{time.Second}, Duplicates: rooms.DuplicatesAvoid, Unknown: string(p)}, nil
}

// What a bridge that died had begun is not sent by the next one. Held deliveries fail at their deadline, resent ones go out
// with the next attempt; the others go out as ever.
func TestBegunAttemptsAreNotRepeated(t *testing.T) {
	for unknown, want := range map[string]string{
		rooms.UnknownHold:   "errored 1 unknown, failed 1 unknown",
		rooms.UnknownResend: "errored 1 unknown, sent 2",
	} {
		t.Run(unknown, func(t *testing.T) {
			r := newRig(t)
			deadline := time.Now().Add(3 * time.Second).UTC()
			u := r.publish(rooms.Normal, false, rooms.Email, 4, func(j *rooms.Job) { j.Deadline = deadline })
			begun := rooms.AttemptID{DeliveryID: rooms.DeliveryID{UMID: u, N: 2}, Attempt: 1}
			if _, err := r.log.Claim(t.Context(), begun, deadline); err != nil {
				t.Fatal(err)
			}
			p := &notebook{}
			r.runWith(Options{}, r.avoiding(unknown, p))
			r.eventually("the one begun", r.happened(begun.DeliveryID, want))
			for _, n := range []int{0, 1, 3} {
				r.eventually("the others", r.happened(rooms.DeliveryID{UMID: u, N: n}, "sent 1"))
			}
			for id, times := range p.times() {
				if times > 1 || id.N == 2 && unknown == rooms.UnknownHold {
					t.Errorf("%d was sent %d times", id.N, times)
				}
			}
			r.eventually("nothing is left", r.empty(rooms.Normal))
		})
	}
}

// The reaper, too, knows what is undecided from what has expired.
func TestReaperEndsTheUndecided(t *testing.T) {
	r := newRig(t)
	over := time.Now().Add(-time.Hour)
	u := r.publish(rooms.Normal, false, rooms.Email, 2, func(j *rooms.Job) { j.Deadline, j.Due, j.Undecided = over, over, true })
	if err := r.log.Record(t.Context(),
		rooms.Event{Kind: rooms.EventErrored, Room: "newborn", UMID: u, At: over, N: 0, Attempt: 1, Channel: rooms.Email, Reason: rooms.Unknown},
		rooms.Event{Kind: rooms.EventSent, Room: "newborn", UMID: u, At: over, N: 1, Attempt: 1, Channel: rooms.Email}); err != nil {
		t.Fatal(err)
	}
	b := New(Options{}, r.deps(nil))
	if err := b.reaper().search(t.Context(), rooms.Normal); err != nil {
		t.Fatal(err)
	}
	r.eventually("undecided", r.happened(rooms.DeliveryID{UMID: u, N: 0}, "errored 1 unknown, failed 1 unknown"))
	r.eventually("sent", r.happened(rooms.DeliveryID{UMID: u, N: 1}, "sent 1"))
	r.eventually("nothing is left", r.empty(rooms.Normal))
}

// An answer that comes after the attempt was given up as unknown ends what a person would have to decide.
func TestLateAnswerDecides(t *testing.T) {
	held := []string{"claim 0.1", "working", "working", "working", "working", "working", "working", "park 0.1 in 58m55s", "record errored 0.1 unknown", "done"}
	for name, tc := range map[string]struct {
		unknown string
		outcome Outcome
		want    []string
	}{
		"sent":       {outcome: Outcome{Result: Sent}, want: []string{"record sent 0.1 "}},
		"rejected":   {outcome: Outcome{Result: Rejected}, want: []string{"record failed 0.1 rejected"}},
		"suppressed": {outcome: Outcome{Result: Suppressed}, want: []string{"record failed 0.1 suppressed"}},
		"not sent":   {outcome: Outcome{Result: Deferred, Reason: rooms.Unreachable}, want: []string{"park 0.2 in 5m0s", "record errored 0.1 unreachable"}},
		"throttled":  {outcome: Outcome{Result: Throttled, After: time.Minute}, want: []string{"park 0.2 in 1m0s", "record errored 0.1 throttled"}},
		"unknown":    {outcome: Outcome{Result: Deferred, Reason: rooms.Unknown}},
		"resent":     {unknown: rooms.UnknownResend, outcome: Outcome{Result: Rejected}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := avoiding{diary: &diary{}, unknown: tc.unknown}
				a.worker(send(func(context.Context, rooms.Delivery) Outcome {
					time.Sleep(2 * time.Minute)
					return tc.outcome
				})).do(t.Context(), t.Context(), a.job(0), nobody)
				want := slices.Clone(held)
				if tc.unknown != "" {
					want[7] = "park 0.2 in 5m0s"
				}
				a.expect(t, append(want, tc.want...)...)
			})
		})
	}
}

// The state of a delivery follows what was learned late, also where it was to be decided.
func TestLateAnswerOutweighsUnknown(t *testing.T) {
	at := time.Now()
	open := rooms.State{Status: rooms.Errored, Reason: rooms.Unknown, Attempt: 1, At: at}
	for _, late := range []rooms.State{
		{Status: rooms.Failed, Reason: rooms.Rejected, Attempt: 1, At: at},
		{Status: rooms.Errored, Reason: rooms.Unreachable, Attempt: 1, At: at, RetryAt: at.Add(time.Minute)},
	} {
		if got := open.Join(late); got != late || got.Undecided() {
			t.Errorf("%+v", got)
		}
	}
}

// An attempt that was begun may have been sent: it has not expired.
func TestReaperKnowsWhatWasBegun(t *testing.T) {
	r := newRig(t)
	over := time.Now().Add(-time.Hour)
	u := r.publish(rooms.Normal, false, rooms.Email, 2, func(j *rooms.Job) { j.Deadline = over })
	if _, err := r.log.Claim(t.Context(), rooms.AttemptID{DeliveryID: rooms.DeliveryID{UMID: u, N: 0}, Attempt: 1}, over); err != nil {
		t.Fatal(err)
	}
	b := New(Options{}, r.avoiding("", nil))
	if err := b.reaper().search(t.Context(), rooms.Normal); err != nil {
		t.Fatal(err)
	}
	r.eventually("begun", r.happened(rooms.DeliveryID{UMID: u, N: 0}, "failed 1 unknown"))
	r.eventually("not begun", r.happened(rooms.DeliveryID{UMID: u, N: 1}, "failed 1 expired"))
	r.eventually("nothing is left", r.empty(rooms.Normal))
}

// What is throttled comes again under the same number, and is sent once it may be.
func TestThrottledIsClaimedAgain(t *testing.T) {
	r := newRig(t)
	u := r.publish(rooms.Normal, false, rooms.Email, 1)
	tries := 0
	p := &notebook{answer: func(context.Context, rooms.Delivery) Outcome {
		if tries++; tries < 3 {
			return Outcome{Result: Throttled, After: 10 * time.Millisecond}
		}
		return Outcome{Result: Sent}
	}}
	r.runWith(Options{}, r.avoiding("", p))
	r.eventually("sent", r.happened(rooms.DeliveryID{UMID: u}, "sent 1"))
	if tries != 3 {
		t.Error(fmt.Sprint(tries), " tries")
	}
	if _, err := r.log.Claim(t.Context(), rooms.AttemptID{DeliveryID: rooms.DeliveryID{UMID: u}, Attempt: 1}, time.Now()); !errors.Is(err, stream.ErrExists) {
		t.Errorf("the claim of what was sent is gone: %v", err)
	}
}
