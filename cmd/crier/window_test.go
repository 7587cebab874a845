package main

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// TestProviderDownForTheWholeWindow has a provider that never works, under a policy that ends after seconds instead of a
// day: the delivery is errored while there is hope, then failed, and gone from the queue.
func TestProviderDownForTheWholeWindow(t *testing.T) {
	provider := newArrivals(t, func(arrival) int { return http.StatusServiceUnavailable })
	s := newStand(t, []string{"sandbox.url=" + provider.url, "policy.retry=1s", "policy.jitter=0", "policy.expiry=4s"}, nil)
	s.room("window", demoPublisher)
	r := s.publish("window", v1.Publish{
		TransactionID: "down", Content: v1.Text{Text: "hello"}, Recipients: []v1.Contact{{Phone: "+99970000001"}, {Email: "x@example.com"}},
	})
	await(t, busyFor, func() string {
		if m, all := s.message(r.UMID); m.Status.Errored != 2 || all[0].Reason != "deferred" || m.FinishedAt != nil {
			return fmt.Sprintf("not errored: %+v, %+v", m.Status, all)
		}
		return ""
	})
	await(t, busyFor, func() string {
		if m, _ := s.message(r.UMID); m.Status.Failed != 2 {
			return fmt.Sprintf("not given up: %+v", m.Status)
		}
		return ""
	})
	m, all := s.message(r.UMID)
	for _, d := range all {
		if d.Status != v1.Failed || d.Reason != v1.DeliveryReasonExpired || d.At.After(m.ExpiresAt.Add(2*time.Second)) || d.Attempt < 2 {
			t.Errorf("given up as %+v, expiry is %v", d, m.ExpiresAt)
		}
	}
	if m.FinishedAt == nil || m.FirstSentAt != nil || m.ExpiresAt.Sub(m.ReceivedAt) != 4*time.Second {
		t.Errorf("timeline: %+v", m)
	}
	s.idle()
	came := provider.count()
	if attempts := all[0].Attempt + all[1].Attempt; came != attempts {
		t.Errorf("%d attempts are recorded, the provider saw %d", attempts, came)
	}
}

// idle wants nothing queued and nothing parked any more.
func (s *stand) idle() {
	s.t.Helper()
	await(s.t, busyFor, func() string {
		parked, err := s.store.log.Parked(s.t.Context())
		if n := s.queued(rooms.Normal); n > 0 || parked > 0 || err != nil {
			return fmt.Sprintf("%d queued, %d parked, %v", n, parked, err)
		}
		return ""
	})
}

// TestProviderBackInTime has a provider that fails at first: the delivery is made at a later attempt, and its timeline
// says so.
func TestProviderBackInTime(t *testing.T) {
	var up atomic.Bool
	provider := newArrivals(t, func(arrival) int {
		if !up.Load() {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	})
	s := newStand(t, []string{"sandbox.url=" + provider.url, "policy.retry=1s", "policy.jitter=0"}, nil)
	s.room("window", demoPublisher)
	r := s.publish("window", v1.Publish{TransactionID: "back", Content: v1.Text{Text: "hello"}, Recipients: []v1.Contact{{Phone: "+99970000001"}}})
	await(t, busyFor, func() string {
		if m, _ := s.message(r.UMID); m.Status.Errored != 1 {
			return fmt.Sprintf("not errored: %+v", m.Status)
		}
		return ""
	})
	up.Store(true)
	await(t, busyFor, func() string {
		m, _ := s.message(r.UMID)
		if m.Status.Delivered != 1 || m.FinishedAt == nil || m.FirstSentAt == nil { // a receipt may be known first
			return fmt.Sprintf("not delivered: %+v", m)
		}
		return ""
	})
	m, all := s.message(r.UMID)
	d := all[0]
	times := []time.Time{m.ReceivedAt, d.QueuedAt, d.SentAt, d.At, time.Now()}
	for i := 1; i < len(times); i++ {
		if times[i-1].IsZero() || times[i].Before(times[i-1].Truncate(time.Millisecond)) {
			t.Errorf("timeline: received, queued, sent, delivered, now: %v", times)
		}
	}
	if m.FirstSentAt == nil || !m.FirstSentAt.Equal(d.SentAt) || d.Attempt < 2 || d.Attempt != provider.count() {
		t.Errorf("timeline: %+v, %+v, %d attempts seen", m, d, provider.count())
	}
	s.idle()
}

// TestEveryStatusIsShown reads each recipient's status in its turn.
func TestEveryStatusIsShown(t *testing.T) {
	s := newStand(t, []string{"sandbox.late=1s", "policy.retry=1h"}, nil)
	s.room("states", demoPublisher)
	want := []struct {
		to      string
		status  v1.Status
		reason  v1.DeliveryReason
		sent    bool
		counted func(v1.Counts) int
	}{
		{"ordinary@example.com", v1.Sent, "", true, func(c v1.Counts) int { return c.Sent }},
		{"late@example.com", v1.Delivered, "", true, func(c v1.Counts) int { return c.Delivered }},
		{"permanent@example.com", v1.Failed, v1.DeliveryReasonRejected, false, func(c v1.Counts) int { return c.Failed }},
		{"temporary@example.com", v1.Errored, "deferred", false, func(c v1.Counts) int { return c.Errored }},
	}
	p := v1.Publish{TransactionID: "states", Content: v1.Text{Text: "hello"}}
	for _, w := range want {
		p.Recipients = append(p.Recipients, v1.Contact{Email: w.to})
	}
	r := s.publish("states", p)
	await(t, busyFor, func() string {
		m, all := s.message(r.UMID)
		if len(all) != len(want) {
			return fmt.Sprintf("%d deliveries", len(all))
		}
		for n, w := range want {
			d := all[n]
			if d.Status != w.status || d.Reason != w.reason || d.SentAt.IsZero() == w.sent || d.At.IsZero() || d.QueuedAt.IsZero() || w.counted(m.Status) != 1 {
				return fmt.Sprintf("%s: %+v, in all %+v", w.to, d, m.Status)
			}
		}
		return ""
	})
}
