package channels

import (
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

const testUMID = rooms.UMID("01JDB6T0G00000000000000001")

func testJob(n int, deadline time.Time) rooms.Job {
	return rooms.Job{
		UMID: testUMID, N: n, Room: "newborn", Sequence: 7, Lane: rooms.Normal, Channel: rooms.Email,
		Owner: "owner", Contact: []byte("sealed"), Attempt: 1, Deadline: deadline,
	}
}

func TestFollow(t *testing.T) {
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	const wait = 5 * time.Minute
	for _, tc := range []struct {
		name    string
		outcome Outcome
		left    time.Duration // until the deadline
		action  action
		back    time.Duration
		kind    rooms.Kind
		reason  rooms.Reason
		code    string
		retry   time.Duration
	}{
		{"sent", Outcome{Result: Sent, Code: "250"}, time.Hour, finish, 0, rooms.EventSent, "", "250", 0},
		{"sent at the last moment", Outcome{Result: Sent}, -time.Second, finish, 0, rooms.EventSent, "", "", 0},
		{"rejected", Outcome{Result: Rejected, Code: "550"}, time.Hour, finish, 0, rooms.EventFailed, rooms.Rejected, "550", 0},
		{"rejected with a reason", Outcome{Result: Rejected, Reason: rooms.NoContent}, time.Hour, finish, 0, rooms.EventFailed, rooms.NoContent, "", 0},
		{"suppressed", Outcome{Result: Suppressed}, time.Hour, finish, 0, rooms.EventFailed, rooms.Suppressed, "", 0},
		{"deferred", Outcome{Result: Deferred, Code: "451"}, time.Hour, finish, 0, rooms.EventErrored, rooms.Deferred, "451", wait},
		{"deferred as the provider asks", Outcome{Result: Deferred, After: time.Minute}, time.Hour, finish, 0, rooms.EventErrored, rooms.Deferred, "", time.Minute},
		{"deferred less than can be told apart", Outcome{Result: Deferred, After: 1}, time.Hour, finish, 0, rooms.EventErrored, rooms.Deferred, "", time.Second},
		{"no further attempt fits", Outcome{Result: Deferred, Code: "451"}, wait, finish, 0, rooms.EventFailed, rooms.Expired, "451", 0},
		{"nor does it without a code", Outcome{Result: Deferred, Reason: rooms.TimedOut}, wait, finish, 0, rooms.EventFailed, rooms.Expired, "timeout", 0},
		{"throttled", Outcome{Result: Throttled, After: 9 * time.Second}, time.Hour, handBack, 9 * time.Second, "", "", "", 0},
		{"throttled for long", Outcome{Result: Throttled, After: time.Hour}, time.Hour, handBack, time.Minute, "", "", "", 0},
		{"throttled for no time", Outcome{Result: Throttled}, time.Hour, handBack, shortRetry, "", "", "", 0},
		{"no such result", Outcome{Result: "odd"}, time.Hour, finish, 0, rooms.EventErrored, rooms.Deferred, "", wait},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := follow(testJob(3, now.Add(tc.left)), tc.outcome, now, wait)
			if s.action != tc.action || s.wait != tc.back || s.pause != tc.back {
				t.Errorf("action %d wait %s pause %s", s.action, s.wait, s.pause)
			}
			if s.event.Kind != tc.kind || s.event.Reason != tc.reason || s.event.Code != tc.code {
				t.Errorf("event %s %s %q", s.event.Kind, s.event.Reason, s.event.Code)
			}
			if tc.retry == 0 && !s.retry.IsZero() || tc.retry > 0 && (!s.retry.Equal(now.Add(tc.retry)) || !s.event.RetryAt.Equal(s.retry)) {
				t.Errorf("retry at %s, the event says %s", s.retry, s.event.RetryAt)
			}
			if s.event.Kind != "" && (s.event.UMID != testUMID || s.event.N != 3 || s.event.Attempt != 1 || s.event.Channel != rooms.Email || s.event.Room != "newborn") {
				t.Errorf("the event names another delivery: %+v", s.event)
			}
		})
	}
}

func TestAttemptsEnd(t *testing.T) {
	now := time.Now()
	j := testJob(0, now.Add(time.Hour))
	j.Attempt = maxAttempts
	if s := follow(j, Outcome{Result: Deferred}, now, time.Second); s.event.Kind != rooms.EventFailed || !s.retry.IsZero() {
		t.Errorf("after the last attempt that can be numbered: %s", s.event.Kind)
	}
}
