package channelstest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

const receiptTime = 10 * time.Second // within which a receipt must come

func (s *suite) bringsReceipts() {
	reader, ok := s.provider.(channels.Receipts)
	if !ok && len(s.Receipts) > 0 {
		s.Fatal("the features promise receipts, yet the provider does not implement channels.Receipts")
	}
	if !ok {
		if o := s.expect(channels.Sent, s.delivery(s.Accepted)); o.Receipt {
			s.Error("a receipt is to follow, yet the provider does not implement channels.Receipts")
		}
		return
	}
	if len(s.Receipts) == 0 {
		s.Fatal("the provider implements channels.Receipts: the features must say how to provoke them")
	}
	for status, to := range s.Receipts {
		s.bringsReceipt(reader, status, to)
	}
}

// bringsReceipt refuses a receipt once and wants it again; then it wants the reader to end with its context.
func (s *suite) bringsReceipt(reader channels.Receipts, status rooms.Status, to rooms.Address) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), receiptTime)
	defer cancel()
	d := s.delivery(to)
	offers := make(chan channels.Receipt, 64*crowd) // those of earlier deliveries come too
	ended := make(chan error, 1)
	go func() { ended <- reader.Receipts(ctx, refuseOnce(offers)) }()

	o := s.expect(channels.Sent, d)
	if !o.Receipt {
		s.Errorf("outcome %+v does not say that a receipt will follow", o)
	}
	for offered := 0; offered < 2; {
		select {
		case r := <-offers:
			if !speaksOf(r, d, o) {
				continue
			}
			offered++
			for _, fault := range receiptFaults(d, status, r) {
				s.Errorf("receipt %+v: %s", r, fault)
			}
		case <-ctx.Done():
			s.Fatalf("no receipt (%d of 2) within %s", offered+1, receiptTime)
		}
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil && !errors.Is(err, context.Canceled) {
			s.Errorf("Receipts has ended with %v, want nil or the context's error", err)
		}
	case <-time.After(grace):
		s.Fatalf("Receipts has not returned %s after its context ended", grace)
	}
}

// speaksOf says whether a receipt is that of a delivery: by its name, or by what the provider calls it.
func speaksOf(r channels.Receipt, d rooms.Delivery, o channels.Outcome) bool {
	if r.ID == (rooms.DeliveryID{}) {
		return r.ProviderID != "" && r.ProviderID == o.ProviderID
	}
	return r.ID == d.ID
}

// refuseOnce records receipts, and fails at the first of each delivery.
func refuseOnce(offers chan<- channels.Receipt) func(context.Context, channels.Receipt) error {
	var mu sync.Mutex
	refused := map[string]bool{}
	return func(_ context.Context, r channels.Receipt) error {
		mu.Lock()
		defer mu.Unlock()
		name := fmt.Sprint(r.ID, r.ProviderID)
		select {
		case offers <- r:
		default:
		}
		if !refused[name] {
			refused[name] = true
			return errors.New("not recorded")
		}
		return nil
	}
}

func receiptFaults(d rooms.Delivery, status rooms.Status, r channels.Receipt) (faults []string) {
	named := r.ID != (rooms.DeliveryID{})
	if r.Channel != d.To.Channel || named && (r.Room != d.Room || r.Attempt != d.Attempt || r.Round != d.Round) {
		faults = append(faults, "it does not name room, channel and attempt of its delivery")
	}
	if r.Status != status {
		faults = append(faults, fmt.Sprintf("want status %s", status))
	}
	if (r.Status == rooms.Failed) != (r.Reason != rooms.NoReason) {
		faults = append(faults, "a reason belongs to what failed, and only to that")
	}
	if r.At.IsZero() {
		faults = append(faults, "it has no time")
	}
	return append(faults, leaks(d, channels.Outcome{Reason: r.Reason, Code: r.Code})...)
}
