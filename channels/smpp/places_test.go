package smpp

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/lanes"
	"github.com/govcrier/crier/channels/smpp/pdu/smpptest"
	"github.com/govcrier/crier/rooms"
)

const (
	slowNumber  = "+996555000200"
	quickNumber = "+996555000201"
)

// full is a provider whose window has no place left: what goes to slowNumber is answered once it is let go.
type full struct {
	*testing.T
	*Provider
	centre *smpptest.Centre
	all    sync.WaitGroup
	n      int
}

func startFull(t *testing.T, window int) (f *full, letGo func()) {
	t.Helper()
	c := smpptest.Start(t, smpptest.Options{})
	held := make(chan struct{})
	c.On(slowNumber[1:], smpptest.Rule{Until: held})
	p, err := New("sms", Options{Host: "127.0.0.1", Port: c.Port(), SystemID: "crier", Window: window, NoReceipts: true}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	f = &full{T: t, Provider: p, centre: c}
	for range window {
		f.begin(rooms.Bulk, slowNumber)
	}
	f.until(func() bool { return len(c.Submitted()) == window })
	letGo = sync.OnceFunc(func() { close(held) })
	t.Cleanup(func() { letGo(); f.all.Wait() })
	return f, letGo
}

func (f *full) delivery(lane rooms.Lane, to string) rooms.Delivery {
	f.Helper()
	a, err := rooms.ParsePhone(to)
	if err != nil {
		f.Fatal(err)
	}
	f.n++
	return rooms.Delivery{
		ID: rooms.DeliveryID{UMID: "01KAPX5Z0R8Q3V7W2M4N6P8S9T", N: f.n}, Attempt: 1, Room: "newborn", Type: "reminder", Lane: lane,
		To: rooms.Contact{Channel: rooms.SMS, Address: a}, Content: rooms.Content{Text: rooms.NewBody(string(lane))},
		ReceivedAt: time.Now(), Deadline: time.Now().Add(time.Hour),
	}
}

// begin sends something that is to arrive in the end.
func (f *full) begin(lane rooms.Lane, to string) {
	f.Helper()
	d := f.delivery(lane, to)
	f.all.Go(func() {
		if o := f.Send(f.Context(), d); o.Result != channels.Sent {
			f.Errorf("%s: outcome %+v, want it sent", lane, o)
		}
	})
}

// until polls a condition.
func (f *full) until(holds func() bool) {
	f.Helper()
	for end := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			f.Fatal("it does not come to pass")
		}
	}
}

func (f *full) waiting(n int) func() bool {
	return func() bool {
		f.places.mu.Lock()
		defer f.places.mu.Unlock()
		return f.places.waiting.Len() == n
	}
}

// Of what waits for a place in a window that is full an emergency has the next, though all others came before.
func TestEmergencyHasTheNextPlaceInTheWindow(t *testing.T) {
	f, letGo := startFull(t, 1)
	for n, lane := range []rooms.Lane{rooms.Bulk, rooms.Normal, rooms.Bulk, rooms.Normal, rooms.Emergency} {
		f.begin(lane, quickNumber)
		f.until(f.waiting(n + 1))
	}
	letGo()
	f.all.Wait()
	var got []string
	for _, m := range f.centre.Submitted()[1:] {
		got = append(got, string(m.Short))
	}
	want := []string{"emergency", "normal", "normal", "bulk", "bulk"}
	for i := range want {
		if len(got) != len(want) || got[i] != want[i] {
			t.Fatalf("sent %q, want %q", got, want)
		}
	}
}

// Who waits in vain for a place has not been refused by the centre: he comes again, and no attempt is counted.
func TestFullWindowIsNoFault(t *testing.T) {
	f, letGo := startFull(t, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if o := f.Send(ctx, f.delivery(rooms.Normal, quickNumber)); o != (channels.Outcome{Result: channels.NoRoom, After: time.Second}) {
		t.Errorf("outcome %+v, want that there is no room", o)
	}
	letGo()
	f.all.Wait()
	if o := f.Send(t.Context(), f.delivery(rooms.Normal, quickNumber)); o.Result != channels.Sent {
		t.Errorf("then: outcome %+v, want it sent", o)
	}
}

// Who is told of calls learns when one waits for a place in the window; one that is ended then has sent nothing.
func TestWaitingForTheWindowIsTold(t *testing.T) {
	f, letGo := startFull(t, 1)
	var told []bool
	ctx, cancel := context.WithCancel(lanes.Told(t.Context(), func(waits bool) { told = append(told, waits) }))
	defer cancel()
	d, out := f.delivery(rooms.Normal, quickNumber), make(chan channels.Outcome, 1)
	go func() { out <- f.Send(ctx, d) }()
	f.until(f.waiting(1))
	cancel()
	if o := <-out; o != (channels.Outcome{Result: channels.NoRoom, After: time.Second}) {
		t.Errorf("outcome %+v, want that there is no room", o)
	}
	letGo()
	f.all.Wait()
	if n := len(f.centre.Submitted()); n != 1 || !slices.Equal(told, []bool{true, false}) {
		t.Errorf("%d were submitted, told %v", n, told)
	}
}
