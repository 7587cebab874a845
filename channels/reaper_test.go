package channels

import (
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

func TestReaperBuriesWhatNobodyPulls(t *testing.T) {
	r := newRig(t)
	umid := r.publish(rooms.Bulk, true, rooms.Email, 1200, func(j *rooms.Job) {
		if j.N%2 == 1 {
			j.Deadline = j.Deadline.Add(time.Hour)
		}
	})
	sent := rooms.Event{Kind: rooms.EventSent, Room: "newborn", UMID: umid, N: 2, Attempt: 1, At: time.Now().UTC()}
	if err := r.log.Record(t.Context(), sent); err != nil {
		t.Fatal(err)
	}
	d := r.deps(nil)
	now := time.Now().Add(2 * time.Minute)
	reap := newReaper(d.Log, d.Log, d.History, ledger{d.Log, d.Policies}, d.Logger, func() time.Time { return now })
	reap.limit, reap.grace = 500, 90*time.Second
	var age time.Duration
	reap.oldest[rooms.Bulk] = func(d time.Duration) { age = d }

	if err := reap.search(t.Context(), rooms.Bulk); err != nil || r.history.of(rooms.DeliveryID{UMID: umid, N: 0}) != "" {
		t.Errorf("within the grace: %v, %q", err, r.history.of(rooms.DeliveryID{UMID: umid, N: 0}))
	}
	now = now.Add(time.Minute)
	for range 5 { // the one before has looked at the first 500; the last begins anew
		if err := reap.search(t.Context(), rooms.Bulk); err != nil {
			t.Fatal(err)
		}
	}
	left := 0
	if _, err := r.log.ScanJobs(t.Context(), rooms.Bulk, 0, 2000, func(_ uint64, j rooms.Job) error {
		left++
		if j.N%2 == 0 {
			t.Errorf("job %d is expired and there", j.N)
		}
		return nil
	}); err != nil || left != 600 {
		t.Errorf("%d left, want the 600 that have time: %v", left, err)
	}
	for n, want := range map[int]string{0: "failed 1 expired", 1: "", 2: "sent 1", 1198: "failed 1 expired"} {
		r.eventually("reaped", r.happened(rooms.DeliveryID{UMID: umid, N: n}, want))
	}
	reap.weigh(t.Context(), rooms.Bulk)
	if age < time.Hour {
		t.Errorf("the oldest job is %s old; its UMID says when it was accepted", age)
	}
}

func TestReaperOfAnEmptyLane(t *testing.T) {
	r := newRig(t)
	d := r.deps(nil)
	reap := New(Options{}, d).reaper()
	if err := reap.search(t.Context(), rooms.Emergency); err != nil {
		t.Error(err)
	}
}
