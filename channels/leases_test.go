package channels

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/rooms"
)

// elsewhere holds every lease on another node, and notes who asked.
type elsewhere struct {
	mu    sync.Mutex
	asked []string
}

func (e *elsewhere) Hold(ctx context.Context, name string, _ func(context.Context, uint64, func() bool) error) error {
	e.mu.Lock()
	e.asked = append(e.asked, name)
	e.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}

// single is a provider whose receipts one node reads.
type single struct{ *flaky }

func (single) OneReader() {}

// Receipts are read on every node, those of a provider that wants one reader by whoever holds
// the lease.
func TestOneReaderWaitsForItsLease(t *testing.T) {
	for _, tc := range []struct {
		name     string
		provider func(*flaky) Provider
		leases   Leases
		read     int
		asked    []string
	}{
		{"any", func(f *flaky) Provider { return f }, &elsewhere{}, 1, nil},
		{"one, held elsewhere", func(f *flaky) Provider { return single{f} }, &elsewhere{}, 0, []string{"receipts-sms"}},
		{"one, held here", func(f *flaky) Provider { return single{f} }, alone{}, 1, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &flaky{}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				New(Options{}, Deps{Leases: tc.leases}).hear(ctx, Listener{"test", rooms.SMS, tc.provider(f)}, false)
				if len(f.at) != tc.read {
					t.Errorf("receipts were read %d times, want %d", len(f.at), tc.read)
				}
				if e, ok := tc.leases.(*elsewhere); ok && !slices.Equal(e.asked, tc.asked) {
					t.Errorf("leases asked for: %v, want %v", e.asked, tc.asked)
				}
			})
		})
	}
}
