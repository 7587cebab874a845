package fanout_test

import (
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// settled stores people of whom every third has paused and the others live in one of two districts.
func (h *house) settled(count int) {
	h.t.Helper()
	var people []rooms.Subscription
	for n := range count {
		c := phone(n)
		c.Language = []string{"de-CH", "fr"}[n%2]
		c.Values = map[string]rooms.Body{"district": rooms.NewBody([]string{"emme", "napf"}[n%2])}
		people = append(people, rooms.Subscription{Contact: c})
	}
	if sums, err := h.subs.SubscribeMany(h.t.Context(), "newborn", people); err != nil || sums.Added != count {
		h.t.Fatalf("%+v: %v", sums, err)
	}
}

// Of a small room and a large one those get a message whom it is for, and no others are counted.
func TestAudience(t *testing.T) {
	for _, count := range []int{40, 2100} {
		h := newHouse(t)
		h.settled(count)
		h.publishAs(1, func(m *rooms.Message) {
			slip := rooms.Slip{TransactionID: "x", Audience: rooms.Audience{"district": {"emme", "luthern"}, "language": {"de"}}}
			var err error
			if m.Sealed, err = h.vault.Seal(slip.Encode(), "slip", "newborn", string(m.UMID)); err != nil {
				t.Fatal(err)
			}
			m.Targeted = true
		})
		h.publishAs(2, func(m *rooms.Message) { m.Targeted, m.Sealed = true, []byte("not sealed") })
		h.plan()
		for i, j := range h.jobs(count / 2) {
			if j.UMID != umid(1) || j.N != i || h.contact(j) != phone(2*i).Address.Reveal() {
				t.Fatalf("of %d: job %d is %s/%d", count, i, j.UMID, j.N)
			}
		}
		h.halt()
	}
}

// Who is paused, or has not confirmed, is no recipient; whose pause has ended is one.
func TestOnlyTheActiveAreReached(t *testing.T) {
	h := newHouse(t)
	h.subscribe(5)
	subs, _, err := h.subs.List(t.Context(), "newborn", 0, 5)
	if err != nil {
		t.Fatal(err)
	}
	for i, until := range []time.Time{{}, time.Now().Add(time.Hour), time.Now().Add(-time.Hour)} {
		if _, _, err := h.subs.Pause(t.Context(), "newborn", subs[i].ID, until); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err = h.subs.Update(t.Context(), "newborn", subs[3].ID, 0, func(s *rooms.Subscriber, _ *rooms.Subscription) error {
		s.State = rooms.SubscriberInvited
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h.publish(1)
	h.plan()
	for i, j := range h.jobs(2) {
		if want := []int{4, 2}[i]; h.contact(j) != phone(want).Address.Reveal() {
			t.Errorf("job %d is for somebody else than %d", i, want)
		}
	}
}

// Who changes what he wants, and changes it again, while a large room is planned gets the message once.
func TestChangesWhilePlanning(t *testing.T) {
	h := newHouse(t)
	const count = 2500
	h.subscribe(count)
	subs, _, err := h.subs.List(t.Context(), "newborn", 0, count)
	if err != nil {
		t.Fatal(err)
	}
	h.publish(1)
	h.plan()
	for _, n := range []int{0, 1, count - 2, count - 1} {
		for range 2 {
			_, _, err := h.subs.Update(t.Context(), "newborn", subs[n].ID, 0, func(_ *rooms.Subscriber, p *rooms.Subscription) error {
				p.Contact.Language = "ky"
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	h.onceEach(1, count)
}
