package channels

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/rooms"
)

// scribe keeps what is recorded.
type scribe struct {
	*diary
	events []rooms.Event
}

func (s *scribe) Record(_ context.Context, events ...rooms.Event) error {
	s.events = append(s.events, events...)
	return nil
}

// stoppedHere is a list of suppressions by which everybody wants nothing more of the room.
type stoppedHere struct{ notes }

func (stoppedHere) Stopped(rooms.Room, rooms.Endpoint) bool { return true }

// What is recorded names the rule that sets the next attempt, and why a person may not be written to.
func TestEventsNameTheRule(t *testing.T) {
	for name, tc := range map[string]struct {
		rules rooms.PolicyRules
		do    func(w *worker, d *diary, j *rooms.Job)
		rule  rooms.Rule
		next  rooms.Channel
		code  string
	}{
		"fallback":    {fallbackAfter(2 * time.Minute), func(w *worker, _ *diary, _ *rooms.Job) { w.opener.vault = both }, rooms.RuleFallback, rooms.SMS, ""},
		"quiet hours": {rooms.PolicyRules{Times: night}, func(*worker, *diary, *rooms.Job) {}, rooms.RuleQuiet, "", ""},
		"no rule":     {rooms.PolicyRules{}, func(*worker, *diary, *rooms.Job) {}, "", "", ""},
		"left": {rooms.PolicyRules{}, func(w *worker, d *diary, j *rooms.Job) {
			d.left, j.Owner = true, subscriber
			w.left = func(rooms.Room, rooms.SubscriberID) bool { return true }
		}, "", "", rooms.SuppressedLeft},
		"stopped": {rooms.PolicyRules{}, func(w *worker, d *diary, _ *rooms.Job) { w.suppressions = stoppedHere{notes{d, false}} }, "", "", rooms.SuppressedStopped},
		"address": {rooms.PolicyRules{}, func(w *worker, d *diary, _ *rooms.Job) { w.suppressions = notes{d, true} }, "", "", rooms.SuppressedAddress},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &scribe{diary: &diary{}}
				w := newWorker(s.diary, always(Outcome{Result: Sent, Receipt: true}))
				w.journal, w.policies = s, under(tc.rules)
				w.opener.messages = func(context.Context, uint64) (rooms.Message, error) {
					m := testMessage
					m.ReceivedAt = time.Now()
					return m, nil
				}
				j := within24Hours(s.job(0))
				tc.do(w, s.diary, &j.Job)
				w.do(t.Context(), t.Context(), j, nobody)
				if len(s.events) != 1 || s.events[0].Rule != tc.rule || s.events[0].Next != tc.next || s.events[0].Code != tc.code {
					t.Errorf("recorded %+v; want rule %q, next %q, code %q", s.events, tc.rule, tc.next, tc.code)
				}
			})
		})
	}
	if s := postpone(testJob(0, time.Now().Add(time.Hour)), rooms.Capped, time.Now(), time.Now().Add(time.Minute)); s.event.Rule != rooms.RuleCap {
		t.Errorf("over a limit: %+v", s.event)
	}
}

// A retry that falls into quiet hours names them.
func TestRetryAfterQuietHoursNamesThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		o := order{job: testJob(0, now.Add(48*time.Hour)), policy: rooms.Policy{PolicyRules: rooms.PolicyRules{Times: night}}}
		s := o.bend(follow(o.job, Outcome{Result: Deferred}, now, time.Minute), now)
		if s.event.Rule != rooms.RuleQuiet || !s.retry.After(now.Add(time.Minute)) {
			t.Errorf("got %+v", s.event)
		}
		if s.event.Kind != rooms.EventErrored {
			t.Errorf("it is %s", s.event.Kind)
		}
	})
}
