package feed_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/api/cap"
	"github.com/govcrier/crier/api/cap/feed"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
)

func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// alertLog is a log of alerts, one after the other.
type alertLog struct {
	mu    sync.Mutex
	all   []rooms.Message
	reads int
	err   error
}

func (l *alertLog) RoomPage(_ context.Context, s rooms.Selection, after uint64) (page []rooms.Message, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	for _, m := range l.all {
		if m.Sequence > after && s.Has(m.Header) && len(page) < 3 {
			page = append(page, m)
		}
	}
	return page, l.err
}

// add stores an alert that was published some minutes after noon.
func (l *alertLog) add(t *testing.T, minutes int) {
	t.Helper()
	raw := fmt.Sprintf(`<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>met-%d</identifier><sender>met.example</sender>`+
		`<sent>2026-11-22T12:%02d:00-00:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>`+
		`<info><category>Met</category><event>Storm %d</event><urgency>Future</urgency><severity>Minor</severity><certainty>Likely</certainty></info></alert>`, minutes, minutes, minutes)
	a, faults := cap.Parse([]byte(raw), 100)
	content, err := a.Content(cap.Options{}, nil)
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, rooms.Message{Payload: content, Header: rooms.Header{
		UMID: rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", minutes)), Room: "coast", Type: rooms.CAP, Lane: rooms.Normal, Sequence: uint64(len(l.all)) + 1,
		ReceivedAt: noon().Add(time.Duration(minutes) * time.Minute), ExpiresAt: noon().Add(time.Duration(minutes)*time.Minute + 27*time.Minute),
	}})
}

// unknown is an index that has folded nothing yet: an alert is in force until something else is known.
func unknown(rooms.UMID) (index.Summary, error) { return index.Summary{}, index.ErrUnknown }

func coast() rooms.RoomConfig {
	return rooms.RoomConfig{Name: "coast", Title: "The coast", CreatedAt: noon().Add(-time.Hour)}
}

// A node that has read the log from its beginning writes the same feed as one that has followed it.
func TestEveryNodeWritesTheSameFeed(t *testing.T) {
	log := &alertLog{}
	look := feed.Look{Base: "https://crier.example", Drill: "DRILL", Most: 4}
	follower := feed.NewShelf(log, unknown, look)
	for n := range 10 {
		log.add(t, n*5)
		now := noon().Add(time.Duration(n*5) * time.Minute)
		followed, err := follower.Private(t.Context(), coast(), now)
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := feed.NewShelf(log, unknown, look).Private(t.Context(), coast(), now)
		if err != nil || !bytes.Equal(followed.Body, fresh.Body) || !followed.Changed.Equal(fresh.Changed) {
			t.Fatalf("after %d: %v\n%s\n%s", n, err, followed.Body, fresh.Body)
		}
		if want := min(n+1, 4); strings.Count(string(fresh.Body), "<entry>") != want || !strings.Contains(string(fresh.Body), fmt.Sprintf("<title>Storm %d</title>", n*5)) {
			t.Fatalf("after %d: %s", n, fresh.Body)
		}
	}
}

// What is shown are the newest that are in force: if some of them are taken back, older ones are shown again.
func TestFeedFallsBackOnOlderAlerts(t *testing.T) {
	log, gone := &alertLog{}, map[rooms.UMID]bool{}
	for n := range 4 {
		log.add(t, n)
	}
	shelf := feed.NewShelf(log, func(u rooms.UMID) (index.Summary, error) {
		m := index.Summary{}
		if gone[u] {
			m.Control = rooms.Control{State: rooms.ControlCancelled, At: noon().Add(5 * time.Minute)}
		}
		return m, nil
	}, feed.Look{Most: 2})
	for _, want := range []string{"Storm 3,Storm 2", "Storm 2,Storm 1", "Storm 1,Storm 0"} {
		d, err := shelf.Private(t.Context(), coast(), noon().Add(6*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		newer, older, _ := strings.Cut(want, ",")
		if a, b := strings.Index(string(d.Body), newer), strings.Index(string(d.Body), older); a < 0 || b < a || strings.Count(string(d.Body), "<entry>") != 2 {
			t.Errorf("want %s:\n%s", want, d.Body)
		}
		gone[rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", int(newer[len(newer)-1]-'0')))] = true
	}
}

// A crowd that asks without a token makes the work of one.
func TestACrowdMakesTheWorkOfOne(t *testing.T) {
	log := &alertLog{}
	log.add(t, 1)
	shelf := feed.NewShelf(log, unknown, feed.Look{Most: 10})
	var crowd sync.WaitGroup
	for range 50 {
		crowd.Go(func() {
			if d, err := shelf.Public(t.Context(), coast(), noon(), time.Second); err != nil || !strings.Contains(string(d.Body), "Storm 1<") {
				t.Errorf("%v: %s", err, d.Body)
			}
		})
	}
	crowd.Wait()
	if log.reads != 2 { // a page, and that nothing follows
		t.Errorf("the log was read %d times", log.reads)
	}
	renamed := coast()
	renamed.Title, renamed.Revision = "The shore", 2
	if d, err := shelf.Public(t.Context(), renamed, noon(), time.Second); err != nil || !strings.Contains(string(d.Body), "The shore") {
		t.Errorf("%v: %s", err, d.Body)
	}
}

func TestFeedSaysThatTheLogDoesNotAnswer(t *testing.T) {
	log := &alertLog{err: errors.New("no answer")}
	shelf := feed.NewShelf(log, unknown, feed.Look{Most: 10})
	if _, err := shelf.Public(t.Context(), coast(), noon(), time.Second); !errors.Is(err, log.err) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := shelf.Private(ctx, coast(), noon()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
