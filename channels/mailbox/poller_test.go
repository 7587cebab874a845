package mailbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

// shelf is a folder in memory.
type shelf struct {
	mail  map[uint32]string
	put   []string
	fetch map[uint32]error
	ends  context.CancelFunc
	idles []time.Duration
}

func (s *shelf) Waiting(context.Context) ([]uint32, error) {
	var all []uint32
	for uid := range s.mail {
		all = append(all, uid)
	}
	slices.Sort(all)
	return all, nil
}

func (s *shelf) Fetch(_ context.Context, uid uint32) ([]byte, error) {
	return []byte(s.mail[uid]), s.fetch[uid]
}

func (s *shelf) Put(_ context.Context, uid uint32, into string) error {
	s.put = append(s.put, fmt.Sprintf("%d to %q", uid, into))
	delete(s.mail, uid)
	return nil
}

func (s *shelf) Idle(_ context.Context, atMost time.Duration) error {
	s.idles = append(s.idles, atMost)
	if len(s.idles) == 4 {
		s.ends()
	}
	return nil
}

func (s *shelf) Close() {}

func poller(t *testing.T, s *shelf, inbound func(context.Context, rooms.Inbound) error) {
	t.Helper()
	p := &Poller{
		intake: newIntake(Options{Kind: KindIMAP}, Deps{
			Open: func(string) (rooms.AttemptID, error) { return rooms.AttemptID{}, errors.New("not ours") },
		}),
		open: func(context.Context, Options) (folder, error) { return s, nil }, strikes: map[uint32]int{},
	}
	synctest.Test(t, func(t *testing.T) {
		var ctx context.Context
		ctx, s.ends = context.WithCancel(t.Context())
		go func() { _ = p.Inbound(ctx, inbound) }()
		synctest.Wait()
		err := p.Receipts(ctx, func(context.Context, channels.Receipt) error { return nil })
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// One mail that nobody can read, or take, keeps the others from nothing; and none is lost.
func TestOneBadMailHoldsNobodyUp(t *testing.T) {
	s := &shelf{
		mail:  map[uint32]string{1: "Subject: refused\n\nx", 2: "Subject: breaks\n\nx", 3: "Subject: late\n\nx", 4: "Subject: good\n\nx", 5: ""},
		fetch: map[uint32]error{1: fmt.Errorf("fetch: %w NO", errAnswered)},
	}
	late := 0
	poller(t, s, func(_ context.Context, in rooms.Inbound) error {
		switch in.Subject.Reveal() {
		case "breaks":
			panic("canary")
		case "late":
			if late++; late < 4 {
				return errors.New("not now")
			}
		}
		return nil
	})
	want := `4 to "Processed", 1 to "Failed", 2 to "Failed", 3 to "Processed"`
	if got := strings.Join(s.put, ", "); got != want {
		t.Errorf("put %s, want %s", got, want)
	}
	if want := []time.Duration{soon, soon, soon, idleFor}; !slices.Equal(s.idles, want) {
		t.Errorf("waits %v, want %v", s.idles, want)
	}
}
