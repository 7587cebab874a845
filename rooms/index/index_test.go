package index

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

const toldMessages = 300

func toldLog() *fakeLog {
	l := newFakeLog()
	headers, events := story(toldMessages, 3)
	l.add(headers, events)
	return l
}

// filled is an index that has folded a log and is closed, and what it answered.
func filled(t *testing.T, o Options, l *fakeLog) []string {
	t.Helper()
	x, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- x.Run(ctx, l) }()
	await(t, x, l)
	cancel()
	if err := errors.Join(<-ended); err != nil {
		t.Error(err)
	}
	said := answers(t, x, toldMessages)
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	return said
}

func TestReopenedIndexStandsWhereItStood(t *testing.T) {
	o, l := testOptions(t), toldLog()
	want := filled(t, o, l)
	x := open(t, o)
	m, e := x.Position()
	wantM, wantE, _ := l.Ends(context.Background())
	if m != wantM || e != wantE {
		t.Errorf("stands at %d, %d, want %d, %d", m, e, wantM, wantE)
	}
	same(t, want, answers(t, x, toldMessages))
}

// TestInterleavingDoesNotMatter folds both streams in turns of any size, with repetitions, and
// restarts in between.
func TestInterleavingDoesNotMatter(t *testing.T) {
	l := toldLog()
	want := filled(t, testOptions(t), l)
	for seed := range uint64(3) {
		o := testOptions(t)
		foldInTurns(t, o, l, rand.New(rand.NewPCG(seed, 1)))
		same(t, want, answers(t, open(t, o), toldMessages))
	}
}

func foldInTurns(t *testing.T, o Options, l *fakeLog, r *rand.Rand) {
	t.Helper()
	o.CacheBytes = 1 + r.IntN(100_000)
	x := open(t, o)
	ctx := context.Background()
	for h, e := 0, 0; h < len(l.headers) || e < len(l.events); {
		if n := min(r.IntN(80), len(l.headers)-h); n > 0 {
			if err := x.foldHeaders(ctx, 0, l.headers[max(h-r.IntN(20), 0):h+n]); err != nil {
				t.Fatal(err)
			}
			h += n
		}
		if n := min(r.IntN(400), len(l.events)-e); n > 0 {
			if err := x.foldEvents(ctx, 0, l.events[max(e-r.IntN(20), 0):e+n]); err != nil {
				t.Fatal(err)
			}
			e += n
		}
	}
}

func TestFailedTailIsTriedAgain(t *testing.T) {
	x, l := open(t, testOptions(t)), newFakeLog()
	l.fail = errors.New("no responders")
	run(t, x, l)
	l.add([]rooms.Header{header(1)}, nil)
	await(t, x, l)
	if _, err := x.Message(umid(1)); err != nil {
		t.Error(err)
	}
}

func TestOddPaths(t *testing.T) {
	for _, name := range []string{"with space.db", "100%25.db", "what?mode=memory.db", "deep/er/index.db", "#1.db"} {
		o := testOptions(t)
		o.Path = filepath.Join(t.TempDir(), name)
		open(t, o)
		if _, err := os.Stat(o.Path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOptionsNameEveryFault(t *testing.T) {
	if got := (Options{BatchSize: -1, CacheBytes: -1, Keep: -1}).Check(); len(got) != 4 {
		t.Errorf("%d faults named, want 4: %v", len(got), got)
	}
	if _, err := Open(Options{}); err == nil {
		t.Error("opened without a path")
	}
	if got := (Options{Path: "x"}).WithDefaults().Check(); got != nil {
		t.Errorf("the defaults have faults: %v", got)
	}
}

// TestReadsWhileFolding reads from many goroutines and holds that what they see is whole.
func TestReadsWhileFolding(t *testing.T) {
	x, l := open(t, testOptions(t)), newFakeLog()
	run(t, x, l)
	headers, events := story(toldMessages, 8)
	ctx, cancel := context.WithCancel(context.Background())
	var readers sync.WaitGroup
	for g := range 4 {
		readers.Go(func() { readUntil(ctx, t, x, uint64(g)) })
	}
	for len(events) > 0 {
		h, e := min(40, len(headers)), min(150, len(events))
		l.add(headers[:h], events[:e])
		headers, events = headers[h:], events[e:]
	}
	await(t, x, l)
	cancel()
	readers.Wait()
}

func readUntil(ctx context.Context, t *testing.T, x *Index, seed uint64) {
	r := rand.New(rand.NewPCG(seed, seed))
	for ctx.Err() == nil {
		n := r.IntN(toldMessages)
		s, err := x.Message(umid(n))
		if err != nil && !errors.Is(err, ErrUnknown) {
			t.Error(err)
		}
		c := s.Counts
		if sum := c.Pending + c.Queued + c.Sent + c.Delivered + c.Errored + c.Failed; sum != s.Recipients {
			t.Errorf("message %d: %+v do not sum to %d", n, c, s.Recipients)
		}
		if _, _, err := x.Messages(header(n).Room, "", 20); err != nil {
			t.Error(err)
		}
		if _, err := x.Erasable(clock(), 20); err != nil {
			t.Error(err)
		}
	}
}

func TestOldMessagesAreForgotten(t *testing.T) {
	o, l := testOptions(t), toldLog()
	var mu sync.Mutex
	now := clock()
	o.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	x := open(t, o)
	run(t, x, l)
	await(t, x, l)
	mu.Lock()
	now = umid(toldMessages - 100).Time().Add(defaultKeep)
	mu.Unlock()
	for n := toldMessages; ; n++ { // trimming rides on the fold, a part each time
		l.add([]rooms.Header{header(n)}, nil)
		await(t, x, l)
		if n > toldMessages+toldMessages/trimMax+2 {
			break
		}
	}
	for n := range toldMessages {
		_, err := x.Message(umid(n))
		_, known, _ := x.Lookup(header(n).TxID)
		if old := n < toldMessages-100; old != errors.Is(err, ErrUnknown) || old == known {
			t.Fatalf("message %d of %d: %v, its transaction id known: %v", n, toldMessages, err, known)
		}
	}
	if got := len(listed(t, x, "room-0", 100)); got < 33 || got > 45 {
		t.Errorf("room-0 lists %d messages", got)
	}
}
