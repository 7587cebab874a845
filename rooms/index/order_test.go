package index

import (
	"context"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/govcrier/crier/rooms"
)

// TestOrderIsASortedSet compares an order with a sorted slice, over many chunks and splits.
func TestOrderIsASortedSet(t *testing.T) {
	x := open(t, testOptions(t))
	rounds := 0
	rapid.Check(t, func(t *rapid.T) {
		rounds++
		name := roomOrder + "room-" + string(umid(rounds))
		var want []rooms.UMID
		for range rapid.IntRange(1, 5).Draw(t, "transactions") {
			from := rapid.IntRange(0, 900).Draw(t, "from")
			step := rapid.SampledFrom([]int{1, -1, 7}).Draw(t, "step")
			count := rapid.IntRange(0, 400).Draw(t, "count")
			add := rapid.Bool().Draw(t, "add")
			want = changeOrder(t, x, name, want, from, step, count, add)
		}
		limit := rapid.IntRange(1, 900).Draw(t, "limit")
		checkOrder(t, x, name, want, limit)
	})
}

func changeOrder(t *rapid.T, x *Index, name string, want []rooms.UMID, from, step, count int, add bool) []rooms.UMID {
	err := x.write(context.Background(), 0, foldedTo{}, func(b *batch) error {
		for i := range count {
			u := umid(max(from+i*step, 0))
			at, found := slices.BinarySearch(want, u)
			var err error
			switch {
			case add && !found:
				want = slices.Insert(want, at, u)
				err = b.insert(name, u)
			case add:
				err = b.insert(name, u)
			case found:
				want = slices.Delete(want, at, at+1)
				err = b.remove(name, u)
			default:
				err = b.remove(name, u)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return want
}

func checkOrder(t *rapid.T, x *Index, name string, want []rooms.UMID, limit int) {
	var up, down []rooms.UMID
	err := x.view(func(s source) error {
		for from, end := (packed{}), (packed{0: 0xff}); ; {
			part, err := ascend(s, name, from, end, limit)
			if err != nil || len(part) == 0 {
				return err
			}
			for _, u := range part {
				up = append(up, rooms.UMID(u.String()))
			}
			from = part[len(part)-1]
		}
	})
	err = errors.Join(err, x.view(func(s source) error {
		for from := (packed{}); ; {
			part, err := descend(s, name, from, limit)
			if err != nil || len(part) == 0 {
				return err
			}
			for _, u := range part {
				down = append(down, rooms.UMID(u.String()))
			}
			from = part[len(part)-1]
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(down)
	if !slices.Equal(up, want) || !slices.Equal(down, want) {
		t.Fatalf("%d upwards and %d downwards, want %d", len(up), len(down), len(want))
	}
}

func TestCursorKeepsItsPlace(t *testing.T) {
	x, l := open(t, testOptions(t)), newFakeLog()
	run(t, x, l)
	l.add(headersBetween(0, 1500), nil)
	await(t, x, l)
	first, next, err := x.Messages("room-0", "", 10)
	if err != nil || len(first) != 10 || first[0].UMID != umid(1497) || first[9].UMID != umid(1470) {
		t.Fatalf("the first page: %v, %v", first, err)
	}
	l.add(headersBetween(1500, 1600), nil)
	await(t, x, l)
	second, _, err := x.Messages("room-0", next, 10)
	if err != nil || second[0].UMID != umid(1467) {
		t.Errorf("the second page begins with %v, %v", second[0].UMID, err)
	}
	if all := listed(t, x, "room-0", 7); len(all) != 534 {
		t.Errorf("%d listed, want 534", len(all))
	}
	if _, _, err := x.Messages("room-0", "not a cursor", 10); !errors.Is(err, ErrCursor) {
		t.Errorf("a wrong cursor: %v", err)
	}
	if list, next, err := x.Messages("no-such-room", "", 10); len(list) != 0 || next != "" || err != nil {
		t.Errorf("an empty room: %v, %q, %v", list, next, err)
	}
}
