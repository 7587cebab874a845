package channels

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms"
)

// rack has receipts, and may be slow.
type rack struct {
	mu   sync.Mutex
	slow time.Duration
	all  []rooms.ParkedReceipt
	last uint64
}

func (s *rack) ParkReceipt(_ context.Context, r rooms.ParkedReceipt) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	r.Sequence = s.last
	s.all = append(s.all, r)
	return nil
}

func (s *rack) DropReceipt(_ context.Context, sequence uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = slices.DeleteFunc(s.all, func(r rooms.ParkedReceipt) bool { return r.Sequence == sequence })
	return nil
}

func (s *rack) ParkedReceipts(_ context.Context, from uint64, limit int) (some []rooms.ParkedReceipt, upTo uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.all {
		if r.Sequence >= from && len(some) < limit {
			some, upTo = append(some, r), r.Sequence
		}
	}
	if limit > 1 && len(some) > 0 {
		time.Sleep(s.slow)
	}
	return some, upTo, nil
}

// twoParts knows every id as that of a part: 7-1 is the first part of the text 7.
type twoParts struct{}

func (twoParts) Sent(_ context.Context, provider, id string, _ bool) (c rooms.Confirmation, ok bool, err error) {
	c = rooms.Confirmation{Provider: provider, ID: id, Room: "newborn", Channel: rooms.SMS, Parts: 2}
	_, err = fmt.Sscanf(id, "%d-%d", &c.N, &c.Part)
	c.UMID, c.Attempt = "01JDB6T0G00000000000000777", 1
	return c, err == nil, err
}

// Receipts of the parts of texts are settled within seconds, whichever node has parked them and however much there is to do.
func TestPartsAreSettledSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s, told := &rack{}, make(chan int, 9)
		r := &rejoiner{
			shelf: s, confirmed: twoParts{}, log: slog.New(slog.DiscardHandler), unmatched: metrics.NewSet().NewCounter("n"), fresh: make(chan struct{}, 1),
			take: func(_ context.Context, _ string, rc Receipt) error { told <- rc.ID.N; return nil },
		}
		go func() { _ = r.run(ctx) }()
		time.Sleep(time.Hour) // by now it has become slow
		for n := range 3 {
			s.mu.Lock()
			s.slow = time.Duration(n) * 20 * time.Second
			s.mu.Unlock()
			began := time.Now()
			for part := 1; part <= 2; part++ {
				p := rooms.ParkedReceipt{Channel: rooms.SMS, Provider: "test", ProviderID: fmt.Sprintf("%d-%d", n, part), Status: rooms.Delivered, At: began}
				if err := s.ParkReceipt(ctx, p); err != nil {
					t.Fatal(err)
				}
			}
			if got := <-told; got != n {
				t.Errorf("told of %d, want %d", got, n)
			}
			if took := time.Since(began); took > s.slow+2*rejoinPeek+rejoinBusy {
				t.Errorf("with passes of %s it took %s", s.slow, took)
			}
		}
		cancel()
		synctest.Wait()
	})
}
