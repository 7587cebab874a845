package stream

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/rooms"
)

// openPlain is a log whose files a test can look into, in a folder.
func openPlain(t *testing.T, dir string) (*Log, *broker.Server) {
	t.Helper()
	s, err := broker.Start(t.Context(), broker.Options{Store: dir, Node: "test", Encryption: "off"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	l, err := Open(t.Context(), s, s.Manifest(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l, s
}

// onDisk says whether a file below a folder holds the contact of an entry, as it is written. Files may go while it looks.
func onDisk(t *testing.T, dir string, s rooms.Subscriber) bool {
	t.Helper()
	written, err := json.Marshal(s.Contact)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			var data []byte
			data, err = os.ReadFile(path)
			found = found || bytes.Contains(data, written[1:200])
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// leave stores an entry in the place of another as a process does that is killed before it erases that one.
func (l *Log) leave(t *testing.T, s rooms.Subscriber) rooms.Subscriber {
	t.Helper()
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	a, err := publish(t.Context(), l.queue, &nats.Msg{Subject: subjectOf(s, s.ID), Data: data})
	if err != nil {
		t.Fatal(err)
	}
	s.Sequence = a.Sequence
	return s
}

func next(s rooms.Subscriber, like rooms.Subscriber) rooms.Subscriber {
	n := s
	n.Was, n.Origin, n.Contact = s.ID, s.Sequence, like.Contact
	return n
}

func seen(t *testing.T, l *Log, after uint64) (all []uint64) {
	t.Helper()
	if err := l.ScanSubscribers(t.Context(), "newborn", after, func(s rooms.Subscriber) error {
		all = append(all, s.Sequence)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// Each entry that is replaced leaves the disk with the change, and the last with its removal.
func TestFormerEntriesLeaveTheDisk(t *testing.T) {
	dir := t.TempDir()
	l, _ := openPlain(t, dir)
	subs := someSubscribers(0, 400)
	if err := l.AddSubscribers(t.Context(), subs); err != nil {
		t.Fatal(err)
	}
	now, err := l.FindSubscribers(t.Context(), "newborn", []rooms.SubscriberID{subs[200].ID})
	if err != nil || len(now) != 1 {
		t.Fatal(len(now), err)
	}
	first := now[0]
	changed := next(first, someSubscribers(0, 1)[0])
	changed.Sequence = first.Sequence
	if changed.Sequence, err = l.UpdateSubscriber(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if onDisk(t, dir, first) || !onDisk(t, dir, changed) {
		t.Errorf("after a change: the former is on disk %v, the new one %v", onDisk(t, dir, first), onDisk(t, dir, changed))
	}
	moved := next(changed, someSubscribers(0, 1)[0])
	if err := l.MoveSubscribers(t.Context(), []rooms.Subscriber{moved}); err != nil {
		t.Fatal(err)
	}
	if onDisk(t, dir, changed) || !onDisk(t, dir, moved) {
		t.Error("a move has left the former on disk")
	}
	if err := l.RemoveSubscriber(t.Context(), "newborn", moved.ID); err != nil {
		t.Fatal(err)
	}
	if onDisk(t, dir, moved) {
		t.Error("who was removed is on disk")
	}
	if err := l.RemoveSubscribers(t.Context(), "newborn"); err != nil {
		t.Fatal(err)
	}
	for _, s := range subs {
		if onDisk(t, dir, s) {
			t.Fatal("a subscriber of a removed room is on disk")
		}
	}
}

// Of entries that a crash has left beside those that replaced them nobody is given any, and they are erased: by the next
// change, by the removal, or when somebody looks for them.
func TestFormerEntriesAfterACrash(t *testing.T) {
	dir := t.TempDir()
	l, _ := openPlain(t, dir)
	if err := l.AddSubscribers(t.Context(), someSubscribers(0, 5)); err != nil {
		t.Fatal(err)
	}
	subs, err := l.Subscribers(t.Context(), "newborn", 0, 10)
	if err != nil || len(subs) != 5 {
		t.Fatal(len(subs), err)
	}
	others := someSubscribers(0, 6)
	var now []rooms.Subscriber
	for i := range 4 {
		now = append(now, l.leave(t, next(subs[i], others[i])))
	}
	now[0] = l.leave(t, next(now[0], others[5])) // twice
	want := []uint64{subs[4].Sequence, now[1].Sequence, now[2].Sequence, now[3].Sequence, now[0].Sequence}
	if got := seen(t, l, 0); len(got) != 5 || got[0] != want[0] || got[1] != want[1] || got[4] != want[4] {
		t.Errorf("a scan gives %v, want %v", got, want)
	}
	if list, err := l.Subscribers(t.Context(), "newborn", 0, 10); err != nil || len(list) != 5 || list[4].Sequence != want[4] {
		t.Errorf("a list of %d, %v", len(list), err)
	}
	if err := l.RemoveSubscriber(t.Context(), "newborn", now[0].ID); err != nil {
		t.Fatal(err)
	}
	third := next(now[1], others[4])
	third.Sequence = now[1].Sequence
	if _, err := l.UpdateSubscriber(t.Context(), third); err != nil {
		t.Fatal(err)
	}
	if erased, err := l.EraseFormer(t.Context()); err != nil || erased != 2 {
		t.Errorf("%d are erased, want 2: %v", erased, err)
	}
	for i, s := range subs {
		if gone := i < 4; onDisk(t, dir, s) == gone {
			t.Errorf("the first entry of %d is gone: %v, want %v", i, !gone, gone)
		}
	}
	if got := seen(t, l, 0); len(got) != 4 {
		t.Errorf("left are %v", got)
	}
	if erased, err := l.EraseFormer(t.Context()); err != nil || erased != 0 {
		t.Errorf("once more: %d, %v", erased, err)
	}
}

// What has been stored stands, though what it has replaced cannot be erased now: that goes with the next pass.
func TestChangeStandsWithWhatItReplaced(t *testing.T) {
	l, s := openPlain(t, t.TempDir())
	if err := l.AddSubscribers(t.Context(), someSubscribers(0, 3)); err != nil {
		t.Fatal(err)
	}
	subs, err := l.Subscribers(t.Context(), "newborn", 0, 10)
	if err != nil || len(subs) != 3 {
		t.Fatal(len(subs), err)
	}
	again, err := Open(t.Context(), s, s.Manifest(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(again.Close)
	l.read.Conn().Close() // nothing is found any more; what is stored goes another way
	others := someSubscribers(0, 2)
	sequence, err := l.UpdateSubscriber(t.Context(), next(subs[0], others[0]))
	if err != nil || sequence <= subs[2].Sequence {
		t.Errorf("a change is answered with %d, %v", sequence, err)
	}
	if err := l.MoveSubscribers(t.Context(), []rooms.Subscriber{next(subs[1], others[1])}); err != nil {
		t.Errorf("a move is answered with %v", err)
	}
	if got, want := seen(t, again, 0), []uint64{subs[2].Sequence, sequence, sequence + 1}; !slices.Equal(got, want) {
		t.Errorf("there are %v, want %v", got, want)
	}
	if erased, err := again.EraseFormer(t.Context()); err != nil || erased != 2 {
		t.Errorf("%d are erased, want 2: %v", erased, err)
	}
}

// Who has to reach everybody of a room reads every entry once, though one was left by a crash.
func TestEntriesAreReadOnce(t *testing.T) {
	l, _ := openPlain(t, t.TempDir())
	if err := l.AddSubscribers(t.Context(), someSubscribers(0, 3)); err != nil {
		t.Fatal(err)
	}
	subs, err := l.Subscribers(t.Context(), "newborn", 0, 10)
	if err != nil || len(subs) != 3 {
		t.Fatal(len(subs), err)
	}
	now := l.leave(t, next(subs[1], someSubscribers(0, 1)[0]))
	consumers, err := l.read.Conn().SubscribeSync("$JS.API.CONSUMER.CREATE." + streamSubscribers + ".>")
	if err != nil {
		t.Fatal(err)
	}
	var all []uint64
	if err := l.ScanEntries(t.Context(), "newborn", 0, func(s rooms.Subscriber) error { all = append(all, s.Sequence); return nil }); err != nil {
		t.Fatal(err)
	}
	if want := []uint64{subs[0].Sequence, subs[1].Sequence, subs[2].Sequence, now.Sequence}; !slices.Equal(all, want) {
		t.Errorf("it gives %v, want %v", all, want)
	}
	count := func() int {
		t.Helper()
		if err := l.read.Conn().FlushTimeout(time.Minute); err != nil {
			t.Fatal(err)
		}
		n, _, err := consumers.Pending()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 1 {
		t.Errorf("the room was read %d times", n)
	}
	if got := seen(t, l, 0); len(got) != 3 || count() != 3 {
		t.Errorf("with what was left found first: %v, read %d times in all", got, count())
	}
}

// A store that was made when the stream kept one entry of a subscriber is opened, and keeps both until one is erased.
func TestStreamThatDroppedFormerEntries(t *testing.T) {
	dir := t.TempDir()
	l, s := openPlain(t, dir)
	if err := l.AddSubscribers(t.Context(), someSubscribers(0, 3)); err != nil {
		t.Fatal(err)
	}
	limit := func(n int64) int64 {
		stream, err := l.read.Stream(t.Context(), streamSubscribers)
		if err != nil {
			t.Fatal(err)
		}
		config := stream.CachedInfo().Config
		was := config.MaxMsgsPerSubject
		if n != 0 {
			config.MaxMsgsPerSubject = n
			if _, err := l.read.UpdateStream(t.Context(), config); err != nil {
				t.Fatal(err)
			}
		}
		return was
	}
	limit(1)
	again, err := Open(context.Background(), s, s.Manifest(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(again.Close)
	if now := limit(0); now != formerKept {
		t.Errorf("it keeps %d of each", now)
	}
	if got := seen(t, again, 0); len(got) != 3 {
		t.Errorf("there are %v", got)
	}
}

// An entry that two have moved to another id at once stands there once.
func TestEntryMovedTwice(t *testing.T) {
	l, _ := openPlain(t, t.TempDir())
	if err := l.AddSubscribers(t.Context(), someSubscribers(0, 1)); err != nil {
		t.Fatal(err)
	}
	first, err := l.Subscribers(t.Context(), "newborn", 0, 10)
	if err != nil || len(first) != 1 {
		t.Fatal(len(first), err)
	}
	moved := next(first[0], someSubscribers(0, 1)[0])
	moved.ID = subscriberID(1000)
	for range 2 {
		if err := l.MoveSubscribers(t.Context(), []rooms.Subscriber{moved}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.EraseSubscriber(t.Context(), first[0].Sequence); err != nil {
		t.Fatal(err)
	}
	if info, err := l.info(t.Context(), streamSubscribers); err != nil || info.State.Messages != 1 {
		t.Errorf("%d entries, %v", info.State.Messages, err)
	}
}
