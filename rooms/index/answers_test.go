package index

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// answers is all that an index says of the messages from 0 to n, as lines.
func answers(tb testing.TB, x *Index, n int) []string {
	tb.Helper()
	var lines []string
	say := func(what string, v any, err error) {
		if err != nil && !errors.Is(err, ErrUnknown) {
			tb.Fatalf("%s: %v", what, err)
		}
		lines = append(lines, fmt.Sprintf("%s: %+v %v", what, v, err))
	}
	for i := range n {
		sum, err := x.Message(umid(i))
		say(fmt.Sprint("message ", i), sum, err)
		list, next, err := x.Deliveries(umid(i), 0, MaxList)
		say(fmt.Sprint("deliveries ", i), fmt.Sprint(list, next), err)
		known, ok, err := x.Lookup(header(i).TxID)
		say(fmt.Sprint("transaction ", i), fmt.Sprint(known, ok), err)
	}
	for i := range 3 {
		room := rooms.Room(fmt.Sprintf("room-%d", i))
		say(string(room), listed(tb, x, room, 100), nil)
	}
	erasable, err := x.Erasable(dawn.Add(240*time.Hour), MaxList)
	say("erasable", erasable, err)
	return lines
}

// listed is every message of a room, page by page.
func listed(tb testing.TB, x *Index, room rooms.Room, limit int) []rooms.UMID {
	tb.Helper()
	var all []rooms.UMID
	for cursor := ""; ; {
		list, next, err := x.Messages(room, cursor, limit)
		if err != nil {
			tb.Fatal(err)
		}
		for _, s := range list {
			all = append(all, s.UMID)
		}
		if next == "" {
			return all
		}
		cursor = next
	}
}

// same fails at the first line that differs.
func same(tb testing.TB, want, got []string) {
	tb.Helper()
	if slices.Equal(want, got) {
		return
	}
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			tb.Fatalf("line %d differs:\nwant %s\ngot  %s", i, want[i], got[i])
		}
	}
	tb.Fatalf("%d lines wanted, %d given", len(want), len(got))
}
