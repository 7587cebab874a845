package registry_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

func create(t *testing.T, r *registry.Rooms, c rooms.RoomConfig) rooms.RoomConfig {
	t.Helper()
	made, err := r.Create(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestRoomIsKnownAtOnce(t *testing.T) {
	r := newHouse(t).rooms()
	want := rooms.RoomConfig{Name: "newborn", Title: "Newborns", Admins: []rooms.Client{"ministry"},
		Publishers: []rooms.Publisher{{Client: "hosp-7", Direct: true}}, History: true}
	made := create(t, r, want)
	if made.Revision == 0 || time.Since(made.CreatedAt) > time.Minute {
		t.Errorf("revision %d, created at %v", made.Revision, made.CreatedAt)
	}
	want.Revision, want.CreatedAt = made.Revision, made.CreatedAt
	if got, err := r.Get(t.Context(), "newborn"); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if _, err := r.Create(t.Context(), want); !errors.Is(err, registry.ErrExists) {
		t.Errorf("created again: %v", err)
	}
}

func TestPutNeedsTheLatestRevision(t *testing.T) {
	r := newHouse(t).rooms()
	first := create(t, r, rooms.RoomConfig{Name: "newborn"})
	c := first
	c.Title, c.CreatedAt = "changed", time.Time{}
	second, err := r.Put(t.Context(), c)
	if err != nil || second.Revision <= first.Revision || second.Title != "changed" || !second.CreatedAt.Equal(first.CreatedAt) {
		t.Fatalf("%+v, %v", second, err)
	}
	c.Title = "of the first revision"
	if _, err := r.Put(t.Context(), c); !errors.Is(err, registry.ErrRevision) {
		t.Errorf("a stale revision: %v", err)
	}
	if got, err := r.Get(t.Context(), "newborn"); err != nil || got.Title != "changed" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := r.Put(t.Context(), rooms.RoomConfig{Name: "none"}); !errors.Is(err, registry.ErrUnknownRoom) {
		t.Errorf("an unknown room: %v", err)
	}
}

func TestDeletedRoomMayBeCreatedAnew(t *testing.T) {
	r := newHouse(t).rooms()
	first := create(t, r, rooms.RoomConfig{Name: "newborn", Title: "first"})
	if err := r.Delete(t.Context(), "newborn"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Get(t.Context(), "newborn"); !errors.Is(err, registry.ErrUnknownRoom) {
		t.Errorf("still there: %v", err)
	}
	if err := r.Delete(t.Context(), "newborn"); !errors.Is(err, registry.ErrUnknownRoom) {
		t.Errorf("deleted twice: %v", err)
	}
	second := create(t, r, rooms.RoomConfig{Name: "newborn", Title: "second"})
	if second.Revision <= first.Revision {
		t.Errorf("revision %d after %d", second.Revision, first.Revision)
	}
	if _, err := r.Put(t.Context(), first); !errors.Is(err, registry.ErrRevision) {
		t.Errorf("a change of the room that was: %v", err)
	}
}

// names are the rooms that a registry knows.
func names(t *testing.T, r *registry.Rooms) []rooms.Room {
	t.Helper()
	list, err := r.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []rooms.Room
	for _, c := range list {
		out = append(out, c.Name)
	}
	return out
}

// until asks again and again and fails with the last answer if it is not the wanted one in time.
func until(t *testing.T, want string, ask func() string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		got := ask()
		if got == want {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("it is %s, want %s", got, want)
		}
	}
}

func TestOthersHearOfIt(t *testing.T) {
	h := newHouse(t)
	here, there := h.rooms(), h.rooms()
	for _, name := range []rooms.Room{"c", "a", "b"} {
		create(t, here, rooms.RoomConfig{Name: name, Title: "1"})
	}
	until(t, "[a b c]", func() string { return fmt.Sprint(names(t, there)) })
	c, err := there.Get(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	c.Title = "2"
	if _, err := there.Put(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	until(t, "2", func() string { c, _ := here.Get(t.Context(), "b"); return c.Title })
	if err := here.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	until(t, "[b c]", func() string { return fmt.Sprint(names(t, there)) })
	if late := h.rooms(); !slices.Equal(names(t, late), []rooms.Room{"b", "c"}) {
		t.Errorf("who comes later knows %v once it is ready", names(t, late))
	}
}

func TestOneOfManyCreates(t *testing.T) {
	h := newHouse(t)
	both := []*registry.Rooms{h.rooms(), h.rooms()}
	results := make([]error, 10)
	var all sync.WaitGroup
	for n := range results {
		all.Go(func() { _, results[n] = both[n%2].Create(t.Context(), rooms.RoomConfig{Name: "newborn"}) })
	}
	all.Wait()
	made := 0
	for _, err := range results {
		if err == nil {
			made++
		} else if !errors.Is(err, registry.ErrExists) {
			t.Error(err)
		}
	}
	if made != 1 {
		t.Errorf("%d were told that they made it", made)
	}
}

// hand lets a test be the watch: it gives the functions that a watch calls.
type hand struct {
	set    func(rooms.RoomConfig)
	remove func(rooms.Room, uint64)
}

func (h *hand) WatchRooms(_ context.Context, set func(rooms.RoomConfig), remove func(rooms.Room, uint64), ready func()) error {
	h.set, h.remove = set, remove
	ready()
	return nil
}

// What the watch tells late changes nothing: a room that was deleted here does not come back,
// and one that was created anew does not vanish.
func TestWatchThatIsLate(t *testing.T) {
	var late hand
	r := registry.NewRooms(newHouse(t).log)
	if err := r.Run(t.Context(), &late); err != nil {
		t.Fatal(err)
	}
	first := create(t, r, rooms.RoomConfig{Name: "newborn", Title: "first"})
	if err := r.Delete(t.Context(), "newborn"); err != nil {
		t.Fatal(err)
	}
	late.set(first)
	if _, err := r.Get(t.Context(), "newborn"); !errors.Is(err, registry.ErrUnknownRoom) {
		t.Errorf("the deleted room is back: %v", err)
	}
	second := create(t, r, rooms.RoomConfig{Name: "newborn", Title: "second"})
	late.set(first)
	late.remove("newborn", second.Revision-1)
	if c, err := r.Get(t.Context(), "newborn"); err != nil || c.Title != "second" {
		t.Errorf("the new room is %+v, %v", c, err)
	}
	late.remove("newborn", second.Revision+1)
	if got := names(t, r); len(got) != 0 {
		t.Errorf("left are %v", got)
	}
}
