package channels

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/rooms"
)

// moving is such a policy, which moves what has waited for two minutes from mail to SMS.
type moving struct{ avoiding }

func (a moving) Policy(context.Context, rooms.Revision) (rooms.Policy, error) {
	return rooms.Policy{Retry: []time.Duration{5 * time.Minute}, Duplicates: rooms.DuplicatesAvoid, Unknown: a.unknown,
		PolicyRules: rooms.PolicyRules{Fallback: []rooms.Fallback{{From: rooms.Email, After: 2 * time.Minute, To: rooms.SMS}}}}, nil
}

// received gives a worker a message of that age, to a person with two channels.
func (a moving) received(w *worker, ago time.Duration) {
	m := testMessage
	m.ReceivedAt = time.Now().Add(-ago)
	w.policies, w.opener.vault = a, both
	w.opener.messages = func(context.Context, uint64) (rooms.Message, error) { return m, nil }
}

// That an attempt was begun comes before whatever else would end, move or put off its delivery.
func TestBegunComesFirst(t *testing.T) {
	for name, tc := range map[string]struct {
		unknown string
		fresh   bool // nobody has begun it
		change  func(avoiding, *worker, *work)
		want    []string
	}{
		"held":   {want: []string{"park 0.1 in 1h0m0s", "record errored 0.1 unknown", "done"}},
		"resent": {unknown: rooms.UnknownResend, want: []string{"park 0.2 in 5m0s", "record errored 0.1 unknown", "done"}},
		"past its deadline, held": {change: func(_ avoiding, _ *worker, j *work) { j.Deadline = time.Now() },
			want: []string{"record failed 0.1 unknown", "done"}},
		"past its deadline, resent": {unknown: rooms.UnknownResend, change: func(_ avoiding, _ *worker, j *work) { j.Deadline = time.Now() },
			want: []string{"record failed 0.1 unknown", "done"}},
		"no further attempt fits": {unknown: rooms.UnknownResend,
			change: func(_ avoiding, _ *worker, j *work) { j.Deadline = time.Now().Add(time.Minute) },
			want:   []string{"record failed 0.1 unknown", "done"}},
		"cancelled": {change: func(a avoiding, _ *worker, _ *work) { a.decide(rooms.ControlCancelled) },
			want: []string{"park 0.1 in 1h0m0s", "record errored 0.1 unknown", "done"}},
		"paused": {change: func(a avoiding, _ *worker, _ *work) { a.decide(rooms.ControlPaused) },
			want: []string{"park 0.1 in 1h0m0s", "record errored 0.1 unknown", "done"}},
		"late for its channel, held": {change: func(a avoiding, w *worker, _ *work) { moving{a}.received(w, 3*time.Minute) },
			want: []string{"park 0.1 in 1h0m0s", "record errored 0.1 unknown", "done"}},
		"late for its channel, resent": {unknown: rooms.UnknownResend,
			change: func(a avoiding, w *worker, _ *work) { moving{a}.received(w, 3*time.Minute) },
			want:   []string{"park 0.2 in 1s", "record errored 0.1 unknown", "done"}},
		"of a policy that cannot be read": {change: func(a avoiding, w *worker, j *work) { w.policies, j.Policy.Revision = a.diary, 1 },
			want: []string{"later 30s"}},
		"of that, past its deadline": {change: func(a avoiding, w *worker, j *work) {
			w.policies, j.Policy.Revision, j.Deadline = a.diary, 1, time.Now()
		}, want: []string{"record failed 0.1 unknown", "done"}},
		"nobody knows": {change: func(a avoiding, _ *worker, _ *work) { a.fail["claimed?"] = errTest }, want: []string{"failed", "later 30s"}},
		"not begun":    {fresh: true, want: []string{"claim 0.1", "send", "record sent 0.1 ", "done"}},
		"not begun, past its deadline": {fresh: true, change: func(_ avoiding, _ *worker, j *work) { j.Deadline = time.Now() },
			want: []string{"record failed 0.1 expired", "done"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := avoiding{diary: &diary{fail: map[string]error{}}, before: !tc.fresh, unknown: tc.unknown}
				w, j := a.worker(a.sends(Outcome{Result: Sent})), a.job(0)
				j.mayRepeat = true
				if tc.change != nil {
					tc.change(a, w, &j)
				}
				w.do(t.Context(), t.Context(), j, nobody)
				want := []string{"settled? 0.1", "claimed? 0.1"}
				if tc.want[0] == "failed" {
					want, tc.want = []string{"settled? 0.1", "claimed? 0.1 failed"}, tc.want[1:]
				}
				a.expect(t, append(want, tc.want...)...)
			})
		})
	}
}

// What may have been sent keeps its claim, also where the other channel would follow and cannot be parked.
func TestMovedKeepsItsClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := avoiding{diary: &diary{fail: map[string]error{"park": errTest}}, unknown: rooms.UnknownResend}
		w, j := a.worker(a.sends(Outcome{Result: Deferred, Reason: rooms.Unknown})), a.job(0)
		moving{a}.received(w, 0)
		j.Deadline = time.Now().Add(3 * time.Minute)
		w.do(t.Context(), t.Context(), j, nobody)
		a.expect(t, "claim 0.1", "send", "park 0.2 in 2m0s failed", "later 1m0s")
	})
}
