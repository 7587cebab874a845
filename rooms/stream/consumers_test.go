package stream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

const most = 5 << 20 // bytes of a pull

func consumerID(name rooms.ConsumerName) rooms.ConsumerID {
	return rooms.ConsumerID{Room: "newborn", Owner: rooms.OwnerOf("clinic-4"), Name: name}
}

func consumer(name rooms.ConsumerName) rooms.ConsumerConfig {
	return rooms.ConsumerConfig{ID: consumerID(name), Client: "clinic-4", AckWait: 30 * time.Second}
}

func create(t *testing.T, l *stream.Log, c rooms.ConsumerConfig, after uint64) {
	t.Helper()
	if err := l.CreateConsumer(t.Context(), c, after); err != nil {
		t.Fatalf("create %s: %v", c.ID, err)
	}
}

// pulled gives what a pull hands out.
func pulled(t *testing.T, l *stream.Log, id rooms.ConsumerID, max int, wait time.Duration) []stream.Handout {
	t.Helper()
	all, err := l.Pull(t.Context(), id, max, most, wait)
	if err != nil {
		t.Fatalf("pull: %v", err)
	}
	return all
}

func sequences(all []stream.Handout) string {
	out := []uint64{}
	for _, h := range all {
		out = append(out, h.Header.Sequence)
	}
	return fmt.Sprint(out)
}

// settle gives one verdict on all.
func settle(t *testing.T, l *stream.Log, id rooms.ConsumerID, v stream.Verdict, all ...stream.Handout) {
	t.Helper()
	var s []stream.Settlement
	for _, h := range all {
		s = append(s, stream.Settlement{Handle: h.Handle, Verdict: v})
	}
	if err := l.Settle(t.Context(), id, s); err != nil {
		t.Fatalf("settle: %v", err)
	}
}

func standing(t *testing.T, l *stream.Log, id rooms.ConsumerID) rooms.Consumer {
	t.Helper()
	c, err := l.Consumer(t.Context(), id)
	if err != nil {
		t.Fatalf("read %s: %v", id, err)
	}
	return c
}

func TestConsumerIsReadAsCreated(t *testing.T) {
	l := start(t)
	appended(t, l, 1, 3)
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for name, change := range map[rooms.ConsumerName]func(*rooms.ConsumerConfig){
		"plain":   func(*rooms.ConsumerConfig) {},
		"lane":    func(c *rooms.ConsumerConfig) { c.Lane = rooms.Bulk },
		"type":    func(c *rooms.ConsumerConfig) { c.Type = "reminder" },
		"both":    func(c *rooms.ConsumerConfig) { c.Lane, c.Type = rooms.Normal, "reminder" },
		"new":     func(c *rooms.ConsumerConfig) { c.Start.New = true },
		"from":    func(c *rooms.ConsumerConfig) { c.Start.Sequence = 2 },
		"since":   func(c *rooms.ConsumerConfig) { c.Start.Time = at },
		"limited": func(c *rooms.ConsumerConfig) { c.AckWait, c.MaxDeliver = time.Second, 3 },
	} {
		wanted := consumer(name)
		change(&wanted)
		for range 2 { // again changes nothing
			create(t, l, wanted, 0)
		}
		if got := standing(t, l, wanted.ID); !got.Same(wanted) || got.Created.IsZero() {
			t.Errorf("%s: read %+v, created %+v", name, got.ConsumerConfig, wanted)
		}
		wanted.AckWait += time.Second
		if err := l.CreateConsumer(t.Context(), wanted, 0); !errors.Is(err, stream.ErrExists) {
			t.Errorf("%s with other settings: %v", name, err)
		}
	}
}

func TestConsumerBeginsWhereItShould(t *testing.T) {
	l := start(t)
	appended(t, l, 1, 6) // sequences 1 to 6
	for name, tc := range map[rooms.ConsumerName]struct {
		start rooms.Start
		after uint64
		want  string
	}{
		"all": {want: "[1 2 3 4 5 6]"}, "own": {after: 4, want: "[5 6]"}, "new": {start: rooms.Start{New: true}, want: "[]"},
		"sequence": {start: rooms.Start{Sequence: 3}, want: "[3 4 5 6]"},
		"early":    {start: rooms.Start{Sequence: 2}, after: 5, want: "[6]"},
		"ahead":    {start: rooms.Start{Sequence: 99}, want: "[]"},
		"past":     {start: rooms.Start{Time: time.Now().Add(-time.Hour)}, want: "[1 2 3 4 5 6]"},
		"future":   {start: rooms.Start{Time: time.Now().Add(time.Hour)}, want: "[]"},
		"former":   {start: rooms.Start{Time: time.Now().Add(-time.Hour)}, after: 4, want: "[5 6]"},
		"gone":     {start: rooms.Start{Time: time.Now().Add(-time.Hour)}, after: 6, want: "[]"},
	} {
		c := consumer(name)
		c.Start = tc.start
		create(t, l, c, tc.after)
		if got := sequences(pulled(t, l, c.ID, 100, 0)); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// A time means what it meant when the consumer was made, whatever has come since.
func TestMadeAgainWithATime(t *testing.T) {
	l := start(t)
	appended(t, l, 1, 2)
	c := consumer("a")
	c.Start.Time = time.Now().Add(time.Hour)
	create(t, l, c, 0)
	appended(t, l, 3, 4)
	create(t, l, c, 0)
	if got := sequences(pulled(t, l, c.ID, 10, 0)); got != "[3 4]" {
		t.Errorf("%s", got)
	}
	c.Start.Time = c.Start.Time.Add(time.Second)
	if err := l.CreateConsumer(t.Context(), c, 0); !errors.Is(err, stream.ErrExists) {
		t.Errorf("with another time: %v", err)
	}
}

func TestConsumerGetsItsOwn(t *testing.T) {
	l := start(t)
	for n, m := range []func(*rooms.Message){
		func(*rooms.Message) {},                                              // 1
		func(m *rooms.Message) { m.Lane = rooms.Emergency },                  // 2
		func(m *rooms.Message) { m.Type = "alert" },                          // 3
		func(m *rooms.Message) { m.Room = "taxes" },                          // 4
		func(m *rooms.Message) { m.Direct = true },                           // 5
		func(m *rooms.Message) { m.Lane, m.Type = rooms.Emergency, "alert" }, // 6
	} {
		one := message(n)
		m(&one)
		if _, _, err := l.Append(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	for name, tc := range map[rooms.ConsumerName]struct {
		lane rooms.Lane
		kind rooms.Type
		want string
	}{
		"all": {want: "[1 2 3 6]"}, "lane": {lane: rooms.Emergency, want: "[2 6]"}, "type": {kind: "alert", want: "[3 6]"},
		"both": {lane: rooms.Emergency, kind: "alert", want: "[6]"},
	} {
		c := consumer(name)
		c.Lane, c.Type = tc.lane, tc.kind
		create(t, l, c, 0)
		if got := sequences(pulled(t, l, c.ID, 100, 0)); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func TestHandedOutAsPublished(t *testing.T) {
	l := start(t)
	m := message(1)
	m.Payload = []byte("{ \"text\" : \"h\\u00e9llo\\/\", \"x\":1.0e2 }")
	if _, _, err := l.Append(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	create(t, l, consumer("a"), 0)
	got := pulled(t, l, consumerID("a"), 10, 0)[0]
	m.Sequence = 1
	if !bytes.Equal(got.Content, m.Payload) || fmt.Sprint(got.Header) != fmt.Sprint(m.Header) || got.Deliveries != 1 {
		t.Errorf("%+v %s", got, got.Content)
	}
}

func TestSettling(t *testing.T) {
	l := start(t)
	appended(t, l, 1, 4)
	id := consumerID("a")
	create(t, l, consumer("a"), 0)
	got := pulled(t, l, id, 10, 0)
	settle(t, l, id, stream.Acked, got[0], got[1])
	settle(t, l, id, stream.Acked, got[0]) // again
	settle(t, l, id, stream.InProgress, got[3])
	if c := standing(t, l, id); c.Acked != 2 || c.AckPending != 2 || c.Delivered != 4 || c.Pending != 0 {
		t.Errorf("%+v", c)
	}
	settle(t, l, id, stream.Refused, got[2])
	again := pulled(t, l, id, 10, 5*time.Second)
	if sequences(again) != "[3]" || again[0].Deliveries != 2 || !bytes.Equal(again[0].Content, got[2].Content) {
		t.Fatalf("%+v", again)
	}
	settle(t, l, id, stream.Refused, got[1]) // was acknowledged: it stays so
	settle(t, l, id, stream.Acked, got[2])   // by the token of the first time
	settle(t, l, id, stream.Acked, got[3])
	if c := standing(t, l, id); c.Acked != 4 || c.AckPending != 0 || c.Redelivered != 0 {
		t.Errorf("%+v", c)
	}
}

func TestRefusedWithDelay(t *testing.T) {
	l := start(t)
	appended(t, l, 1, 1)
	id := consumerID("a")
	create(t, l, consumer("a"), 0)
	const delay = 1500 * time.Millisecond
	h := pulled(t, l, id, 1, 0)[0]
	began := time.Now()
	if err := l.Settle(t.Context(), id, []stream.Settlement{{Handle: h.Handle, Verdict: stream.Refused, Delay: delay}}); err != nil {
		t.Fatal(err)
	}
	again := pulled(t, l, id, 1, 20*time.Second)
	if took := time.Since(began); sequences(again) != "[1]" || took < delay {
		t.Errorf("%s after %v", sequences(again), took)
	}
}

func TestUnacknowledgedComesAgain(t *testing.T) {
	l := start(t)
	appended(t, l, 1, 1)
	c := consumer("a")
	c.AckWait, c.MaxDeliver = time.Second, 2
	create(t, l, c, 0)
	for n := range uint64(2) {
		if got := pulled(t, l, c.ID, 1, 20*time.Second); sequences(got) != "[1]" || got[0].Deliveries != n+1 {
			t.Fatalf("time %d: %+v", n, got)
		}
	}
	if got := pulled(t, l, c.ID, 1, 3*time.Second); len(got) > 0 {
		t.Errorf("more often than asked for: %+v", got)
	}
}

func TestPullWaits(t *testing.T) {
	l := start(t)
	id := consumerID("a")
	create(t, l, consumer("a"), 0)
	if got := pulled(t, l, id, 1, 0); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	came := make(chan []stream.Handout)
	go func() {
		got, _ := l.Pull(t.Context(), id, 10, most, 30*time.Second)
		came <- got
	}()
	appended(t, l, 1, 1)
	if got := <-came; sequences(got) != "[1]" {
		t.Errorf("%s", sequences(got))
	}
}

// Five messages of 1 MiB each: three fit into 3.5 MiB, without the others being handed out in vain.
func TestPullIsBoundedInBytes(t *testing.T) {
	l := start(t)
	id := consumerID("a")
	create(t, l, consumer("a"), 0)
	for n := range 5 {
		m := message(n)
		m.Payload = []byte(`"` + strings.Repeat("x", 1<<20) + `"`)
		if _, _, err := l.Append(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"[1 2 3]", "[4 5]"} {
		got, err := l.Pull(t.Context(), id, 100, 7<<19, time.Second)
		if err != nil || sequences(got) != want {
			t.Fatalf("%s, %v, want %s", sequences(got), err, want)
		}
		for _, h := range got {
			if h.Deliveries != 1 {
				t.Errorf("message %d was handed out %d times", h.Header.Sequence, h.Deliveries)
			}
		}
	}
}

// Whoever goes away while he waits keeps nothing: the next one gets it long before AckWait.
func TestNobodyWaitsForWhoIsGone(t *testing.T) {
	l := start(t)
	c := consumer("a")
	c.AckWait = 10 * time.Minute
	create(t, l, c, 0)
	for n := range 30 {
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error)
		go func() {
			_, err := l.Pull(ctx, c.ID, 1, most, 30*time.Second)
			gone <- err
		}()
		go cancel()
		appended(t, l, n, n)
		if err := <-gone; err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		} else if err == nil {
			continue // he was faster, and has it
		}
		if got := pulled(t, l, c.ID, 1, 20*time.Second); sequences(got) != fmt.Sprintf("[%d]", n+1) {
			t.Fatalf("message %d: %s", n+1, sequences(got))
		}
	}
}

func TestConsumerThatIsNotThere(t *testing.T) {
	l := start(t)
	id := consumerID("a")
	if _, err := l.Consumer(t.Context(), id); !errors.Is(err, stream.ErrGone) {
		t.Errorf("read: %v", err)
	}
	if err := l.ResetConsumer(t.Context(), id, rooms.Start{}, 0); !errors.Is(err, stream.ErrGone) {
		t.Errorf("reset: %v", err)
	}
	if err := l.DeleteConsumer(t.Context(), id); err != nil {
		t.Errorf("delete: %v", err)
	}
	create(t, l, consumer("a"), 0)
	ended := make(chan error)
	go func() {
		_, err := l.Pull(t.Context(), id, 1, most, 30*time.Second)
		ended <- err
	}()
	if err := l.DeleteConsumer(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, stream.ErrGone) { // whether it waited already or not
		t.Errorf("pull: %v", err)
	}
}

func TestResetBeginsAnew(t *testing.T) {
	l := start(t)
	appended(t, l, 1, 5)
	c := consumer("a")
	c.Lane, c.MaxDeliver, c.Start.Sequence = rooms.Normal, 7, 4
	create(t, l, c, 2)
	settle(t, l, c.ID, stream.Acked, pulled(t, l, c.ID, 10, 0)...)
	before := standing(t, l, c.ID)
	if before.Reset != nil {
		t.Errorf("reset to %s", before.Reset)
	}
	for _, tc := range []struct {
		start rooms.Start
		want  string
	}{{rooms.Start{}, "[3 4 5]"}, {rooms.Start{Sequence: 5}, "[5]"}, {rooms.Start{New: true}, "[]"}, {rooms.Start{Time: time.Now().Add(-time.Hour)}, "[3 4 5]"}} {
		if err := l.ResetConsumer(t.Context(), c.ID, tc.start, 2); err != nil {
			t.Fatal(err)
		}
		if got := sequences(pulled(t, l, c.ID, 10, 0)); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.start, got, tc.want)
		}
		if now := standing(t, l, c.ID); !now.Same(c) || !now.Created.After(before.Created) || now.Reset == nil || now.Reset.String() != tc.start.String() {
			t.Errorf("%+v, was %+v", now, before)
		}
	}
}

// Of two resets at once one holds, whichever it is; neither fails because of the other.
func TestResetTwiceAtOnce(t *testing.T) {
	l := start(t)
	appended(t, l, 1, 5)
	create(t, l, consumer("a"), 0)
	id := consumerID("a")
	for n := range 100 {
		errs := make(chan error)
		for k := range 2 {
			go func() { errs <- l.ResetConsumer(t.Context(), id, rooms.Start{Sequence: uint64(1 + 2*k)}, 0) }()
		}
		for range 2 {
			if err := <-errs; err != nil {
				t.Fatalf("round %d: %v", n, err)
			}
		}
		if c := standing(t, l, id); c.Pending != 6-c.Reset.Sequence {
			t.Fatalf("round %d: %d wait, reset to %s", n, c.Pending, c.Reset)
		}
	}
}

// More than the 1,024 names that an answer holds; those of crier's own are not listed.
func TestAllConsumersAreListed(t *testing.T) {
	l := start(t)
	const many = 1040
	want := make([]string, many)
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(64)
	for n := range many {
		c := consumer(rooms.ConsumerName(fmt.Sprintf("c-%d", n)))
		if n%100 == 0 {
			c.ID.Room = "taxes"
		}
		want[n] = c.ID.String()
		group.Go(func() error { return l.CreateConsumer(ctx, c, 0) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	ids, err := l.ConsumerIDs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, id := range ids {
		got = append(got, id.String())
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d listed, want %d", len(got), len(want))
	}
	if all, err := l.Readings(t.Context(), "taxes"); err != nil || len(all) != 11 {
		t.Errorf("%d, %v", len(all), err)
	}
}

func TestConsumerOutlivesTheNode(t *testing.T) {
	dir := t.TempDir() + "/store"
	s := brokertest.StartAt(t, dir)
	l := open(t, s)
	appended(t, l, 1, 3)
	create(t, l, consumer("a"), 0)
	id := consumerID("a")
	settle(t, l, id, stream.Acked, pulled(t, l, id, 1, 0)...)
	before := standing(t, l, id)
	l.Close()
	s.Stop()
	l = open(t, brokertest.StartAt(t, dir))
	now := standing(t, l, id)
	if !now.Same(before.ConsumerConfig) || !now.Created.Equal(before.Created) || now.Acked != 1 {
		t.Errorf("%+v, was %+v", now, before)
	}
	if got := sequences(pulled(t, l, id, 10, 0)); got != "[2 3]" {
		t.Errorf("%s", got)
	}
}
