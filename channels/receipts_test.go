package channels

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/rooms"
)

// flaky reads receipts and breaks down, each time in another way.
type flaky struct {
	send
	calls []func(fn func(context.Context, Receipt) error) error
	at    []time.Time
}

func (f *flaky) Receipts(ctx context.Context, fn func(context.Context, Receipt) error) error {
	n := len(f.at)
	f.at = append(f.at, time.Now())
	if n < len(f.calls) {
		return f.calls[n](fn)
	}
	<-ctx.Done()
	return ctx.Err()
}

func TestReceiptsBeginAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		good := Receipt{ID: rooms.DeliveryID{UMID: testUMID, N: 4}, Attempt: 1, Status: rooms.Delivered}
		f := &flaky{calls: []func(func(context.Context, Receipt) error) error{
			func(func(context.Context, Receipt) error) error { return errTest },
			func(func(context.Context, Receipt) error) error { panic("canary") },
			func(fn func(context.Context, Receipt) error) error { return fn(ctx, good) },
		}}
		quiet := slog.New(slog.DiscardHandler)
		r := receiver{"test", d, d, untouched{}, nil, quiet, time.Now}
		persist(ctx, quiet, "receipts", func(ctx context.Context) error { return f.Receipts(ctx, r.take) })
		d.expect(t, "record delivered 4.1 ")
		for i, want := range []time.Duration{0, 1, 3, 7} {
			if got := f.at[i].Sub(f.at[0]); got != want*time.Second {
				t.Errorf("call %d after %s, want %ds", i, got, want)
			}
		}
	})
}

// A report that an address does not exist is told to those who remember such, with the address; others are not.
func TestReturnedIsNoted(t *testing.T) {
	to, err := rooms.ParseEmail("a@example.org")
	if err != nil {
		t.Fatal(err)
	}
	for reason, want := range map[rooms.Reason][]string{
		rooms.NoMailbox: {"returned newborn 4.1", "hasten 4.2", "state? 4", "record failed 4.1 no-mailbox"}, rooms.Bounced: {"hasten 4.2", "state? 4", "record failed 4.1 bounced"},
	} {
		d := &diary{}
		r := receiver{"test", d, d, untouched{}, notes{d, false}, slog.New(slog.DiscardHandler), time.Now}
		rc := Receipt{ID: rooms.DeliveryID{UMID: testUMID, N: 4}, Room: "newborn", Channel: rooms.Email, Attempt: 1, Status: rooms.Failed, Reason: reason, To: to}
		if err := r.take(t.Context(), rc); err != nil {
			t.Error(err)
		}
		d.expect(t, want...)
	}
}

func TestReceiptThatCannotBeRecordedIsRefused(t *testing.T) {
	d := &diary{fail: map[string]error{"record": errTest}}
	r := receiver{"test", d, d, untouched{}, nil, slog.New(slog.DiscardHandler), time.Now}
	if err := r.take(t.Context(), Receipt{Status: rooms.Failed}); !errors.Is(err, errTest) {
		t.Errorf("%v", err)
	}
	if err := r.take(t.Context(), Receipt{Status: rooms.Sent}); err != nil {
		t.Errorf("a receipt without a last word would come for ever: %v", err)
	}
}
