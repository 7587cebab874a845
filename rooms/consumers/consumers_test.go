package consumers_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/consumers"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// house is a keeper of consumers on a real log and vault.
type house struct {
	*consumers.Consumers
	log *stream.Log
}

func newHouse(t *testing.T, o consumers.Options) house {
	t.Helper()
	s := brokertest.Start(t)
	log, err := stream.Open(t.Context(), s, s.Manifest(), stream.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(log.Close)
	keys := filepath.Join(t.TempDir(), "keys.json")
	if err := vault.Create(keys); err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(t.Context(), vault.Options{KeysFile: keys})
	if err != nil {
		t.Fatal(err)
	}
	return house{consumers.New(log, v, o), log}
}

func (h house) publish(t *testing.T, count int) {
	t.Helper()
	for n := range count {
		m := rooms.Message{Header: rooms.Header{UMID: rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", n)), Room: "newborn", Type: "t", Lane: rooms.Normal, TxID: fmt.Sprint(n),
			Policy: rooms.Revision{Name: "standard", Revision: 1}, ReceivedAt: time.Now().UTC(), ExpiresAt: time.Now().UTC()}, Payload: []byte("{}")}
		if _, _, err := h.log.Append(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
}

func newborn() rooms.RoomConfig { return rooms.RoomConfig{Name: "newborn"} }

func config(client rooms.Client, name string) rooms.ConsumerConfig {
	return rooms.ConsumerConfig{
		ID:     rooms.ConsumerID{Room: "newborn", Owner: rooms.OwnerOf(client), Name: rooms.ConsumerName(name)},
		Client: client, AckWait: time.Minute,
	}
}

func (h house) create(t *testing.T, c rooms.ConsumerConfig) rooms.Consumer {
	t.Helper()
	made, _, err := h.Create(t.Context(), newborn(), c)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// Many ask at the same moment: never are there more than may be.
func TestQuotasHoldInACrowd(t *testing.T) {
	h := newHouse(t, consumers.Options{PerRoom: 5, PerClient: 5})
	var all sync.WaitGroup
	var made, refused atomic.Int64
	for n := range 20 {
		all.Go(func() {
			_, created, err := h.Create(t.Context(), newborn(), config("clinic-4", fmt.Sprint("c", n)))
			switch {
			case err == nil && created:
				made.Add(1)
			case errors.Is(err, consumers.ErrQuota):
				refused.Add(1)
			default:
				t.Errorf("%v, created %t", err, created)
			}
		})
	}
	all.Wait()
	ids, err := h.log.ConsumerIDs(t.Context())
	if err != nil || int64(len(ids)) != made.Load() || len(ids) > 5 || made.Load()+refused.Load() != 20 {
		t.Errorf("%d there, %d made, %d refused, %v", len(ids), made.Load(), refused.Load(), err)
	}
}

func TestCreateAgainAfterReset(t *testing.T) {
	h := newHouse(t, consumers.Options{})
	h.publish(t, 3)
	c := config("clinic-4", "a")
	h.create(t, c)
	now, err := h.Reset(t.Context(), newborn(), c.ID, rooms.Start{Sequence: 3})
	if err != nil || now.Pending != 1 {
		t.Fatalf("%+v, %v", now, err)
	}
	again, created, err := h.Create(t.Context(), newborn(), c)
	if err != nil || created || !again.Created.Equal(now.Created) {
		t.Errorf("%+v, created %t, %v", again, created, err)
	}
	c.AckWait++
	if _, _, err := h.Create(t.Context(), newborn(), c); !errors.Is(err, consumers.ErrExists) {
		t.Errorf("with other settings: %v", err)
	}
}

// A token settles with the engine, once or twice, until the consumer is reset.
func TestTokens(t *testing.T) {
	h := newHouse(t, consumers.Options{})
	h.publish(t, 2)
	a, b := h.create(t, config("clinic-4", "a")), h.create(t, config("clinic-5", "a"))
	got, err := h.Pull(t.Context(), a, 10, 0)
	if err != nil || len(got) != 2 {
		t.Fatalf("%d, %v", len(got), err)
	}
	settle := func(with rooms.Consumer, m consumers.Message) error {
		now, err := h.Get(t.Context(), with.ID)
		if err != nil {
			t.Fatal(err)
		}
		return h.Settle(t.Context(), now, []consumers.Settlement{{Token: m.Token}})
	}
	for range 2 {
		if err := settle(a, got[0]); err != nil {
			t.Error(err)
		}
	}
	var bad consumers.BadTokens
	if err := settle(b, got[1]); !errors.As(err, &bad) || len(bad) != 1 {
		t.Errorf("a token of another: %v", err)
	}
	if _, err := h.Reset(t.Context(), newborn(), a.ID, rooms.Start{}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Pull(t.Context(), a, 10, 0); err != nil {
		t.Fatal(err)
	}
	if err := settle(a, got[1]); !errors.As(err, &bad) {
		t.Errorf("a token of before the reset: %v", err)
	}
	if now, err := h.Get(t.Context(), a.ID); err != nil || now.AckPending != 2 {
		t.Errorf("%+v, %v", now, err)
	}
}

// circle is who may read, as a node has heard and as it is.
type circle struct{ heard, now []rooms.Client }

func (c circle) Readers(context.Context, rooms.Room) ([]rooms.Client, error)    { return c.heard, nil }
func (c circle) ReadersNow(context.Context, rooms.Room) ([]rooms.Client, error) { return c.now, nil }

func TestSweep(t *testing.T) {
	h := newHouse(t, consumers.Options{})
	for _, client := range []rooms.Client{"stays", "goes", "comes"} {
		h.create(t, config(client, "a"))
	}
	s := consumers.Sweeper{Store: h.log, Log: slog.New(slog.DiscardHandler),
		Rooms: circle{heard: []rooms.Client{"stays", "goes"}, now: []rooms.Client{"stays", "comes"}}}
	check := func(want ...rooms.Client) {
		t.Helper()
		if err := s.Pass(t.Context()); err != nil {
			t.Fatal(err)
		}
		ids, err := h.log.ConsumerIDs(t.Context())
		if err != nil || len(ids) != len(want) {
			t.Errorf("%v, %v, want those of %v", ids, err, want)
		}
		for _, client := range want {
			if _, err := h.Get(t.Context(), config(client, "a").ID); err != nil {
				t.Errorf("that of %s: %v", client, err)
			}
		}
	}
	check("stays", "goes", "comes") // nobody goes who may read, nor before this node has heard of it
	s.Rooms = circle{heard: []rooms.Client{"stays"}, now: []rooms.Client{"stays", "comes"}}
	check("stays", "comes")
	s.Rooms = circle{} // the room is gone
	check()
}

func TestDeleteAll(t *testing.T) {
	h := newHouse(t, consumers.Options{})
	for n := range 5 {
		h.create(t, config("clinic-4", fmt.Sprint("c", n)))
	}
	other := config("clinic-4", "a")
	other.ID.Room = "newborn_2"
	h.create(t, other)
	if err := h.DeleteAll(t.Context(), "newborn"); err != nil {
		t.Fatal(err)
	}
	if ids, err := h.log.ConsumerIDs(t.Context()); err != nil || len(ids) != 1 || ids[0] != other.ID {
		t.Errorf("%v, %v", ids, err)
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []consumers.Options{{}, {PerRoom: 1000}, {PerRoom: 20}, {PerRoom: 1, PerClient: 1}} {
		if faults := o.Check(); len(faults) > 0 {
			t.Errorf("%+v: %v", o, faults)
		}
	}
	for _, o := range []consumers.Options{{PerRoom: -1}, {PerRoom: 1001}, {PerRoom: 5}, {PerClient: 201}, {PerClient: -1}} {
		if len(o.Check()) == 0 {
			t.Errorf("%+v is accepted", o)
		}
	}
}
