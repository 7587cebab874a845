package control_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/control"
)

// Those that failed and can be helped are tried anew, and no others; two calls at once begin one round.
func TestFailedAreTriedAnew(t *testing.T) {
	r := newRig(t)
	r.wait(time.Minute)
	m := r.publish(5, true)
	for n, why := range []rooms.Reason{rooms.Rejected, rooms.Suppressed, rooms.NoContent, rooms.Expired} {
		r.fail(m, n, 0, why, "")
	}
	r.record(rooms.Event{Kind: rooms.EventSent, Room: m.Room, UMID: m.UMID, At: time.Now(), N: 4, Attempt: 1, Channel: rooms.SMS})
	r.folded()
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if _, err := r.desk.Resend(t.Context(), m.UMID, "hosp-7", rooms.FailedFilter{}); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	jobs := r.queue()
	if len(jobs) != 2 || jobs[0].N != 0 || jobs[1].N != 3 {
		t.Fatalf("%+v", jobs)
	}
	for _, j := range jobs {
		plain, err := r.vault.Unseal(j.Contact, "contact", "newborn", j.Owner)
		if err != nil {
			t.Fatal(err)
		}
		c, err := rooms.DecodeContact(plain)
		if err != nil || c.Address.Reveal() != r.contact(j.N).Address.Reveal() || j.Round != 1 || j.Attempt != 1 || !j.Deadline.After(m.ExpiresAt) || j.Channel != rooms.SMS {
			t.Errorf("%+v, %v", j, err)
		}
	}
	if s := r.summary(m.UMID); s.Counts.Queued != 2 || s.Counts.Failed != 2 || s.Counts.Sent != 1 || s.Helpable != 0 || !s.FinishedAt.IsZero() {
		t.Errorf("%+v", s)
	}
	if done, err := r.desk.Resend(t.Context(), m.UMID, "hosp-7", rooms.FailedFilter{}); err != nil || done != (control.Resent{}) {
		t.Errorf("nothing more is to be done: %+v, %v", done, err)
	}
}

func TestRoundsEnd(t *testing.T) {
	r := newRig(t)
	m := r.publish(1, true)
	for round := range rooms.MaxRounds {
		r.fail(m, 0, round, rooms.Rejected, "")
		if done, err := r.desk.Resend(t.Context(), m.UMID, "hosp-7", rooms.FailedFilter{}); err != nil || done.Requeued != 1 {
			t.Fatalf("round %d: %+v, %v", round, done, err)
		}
	}
	r.fail(m, 0, rooms.MaxRounds, rooms.Rejected, "")
	if _, err := r.desk.Resend(t.Context(), m.UMID, "hosp-7", rooms.FailedFilter{}); !errors.Is(err, control.ErrRounds) {
		t.Error(err)
	}
}

// Subscribers are found by what is on record: who has left is not tried, and that is recorded.
func TestSubscribersAreTriedAnewWhereTheyAre(t *testing.T) {
	r := newRig(t)
	var owners []rooms.SubscriberID
	for n := range 3 {
		s, _, err := r.people.Add(t.Context(), "newborn", r.contact(n))
		if err != nil {
			t.Fatal(err)
		}
		owners = append(owners, s.ID)
	}
	m := r.publish(4, false)
	r.fail(m, 0, 0, rooms.Rejected, owners[0])
	r.fail(m, 1, 0, rooms.Unreachable, owners[1])
	r.record(rooms.Event{Kind: rooms.EventSent, Room: m.Room, UMID: m.UMID, At: time.Now(), N: 2, Attempt: 1, Channel: rooms.SMS, Receipt: true, Owner: owners[2]})
	r.fail(m, 2, 0, rooms.Bounced, "") // a receipt does not know
	r.fail(m, 3, 0, rooms.Rejected, "")
	if err := r.people.Remove(t.Context(), "newborn", owners[1]); err != nil {
		t.Fatal(err)
	}
	done, err := r.desk.Resend(t.Context(), m.UMID, "hosp-7", rooms.FailedFilter{})
	if err != nil || done != (control.Resent{Requeued: 2, Unknown: 2}) {
		t.Fatalf("%+v, %v", done, err)
	}
	var to []string
	for _, j := range r.queue() {
		to = append(to, j.Owner)
	}
	if want := []string{string(owners[0]), string(owners[2])}; !slices.Equal(to, want) {
		t.Errorf("tried anew are %v, want %v", to, want)
	}
	if s, err := r.index.State(rooms.DeliveryID{UMID: m.UMID, N: 1}); err != nil || s.Status != rooms.Failed || s.Reason != rooms.Suppressed || s.Round != 1 {
		t.Errorf("who has left: %+v, %v", s, err)
	}
}

func TestContentThatIsGone(t *testing.T) {
	r := newRig(t)
	m := r.publish(1, true)
	r.fail(m, 0, 0, rooms.Rejected, "")
	if err := r.log.Erase(t.Context(), m.Sequence); err != nil {
		t.Fatal(err)
	}
	if _, err := r.desk.Resend(t.Context(), m.UMID, "hosp-7", rooms.FailedFilter{}); !errors.Is(err, control.ErrGone) {
		t.Errorf("not on record yet: %v", err)
	}
	r.record(rooms.Event{Kind: rooms.EventErased, Room: m.Room, UMID: m.UMID, At: time.Now()})
	if _, err := r.desk.Resend(t.Context(), m.UMID, "hosp-7", rooms.FailedFilter{}); !errors.Is(err, control.ErrGone) {
		t.Error(err)
	}
	if jobs := r.queue(); len(jobs) != 0 {
		t.Errorf("%+v", jobs)
	}
}
