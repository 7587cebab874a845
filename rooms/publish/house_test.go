package publish_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/quota"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// house is a publisher on a real log, index and vault, which can be stopped and started again.
type house struct {
	*publish.Publisher
	t      *testing.T
	dir    string
	server *broker.Server
	log    *stream.Log
	index  *index.Index
	limits quota.Options
	quotas *quota.Quotas
	vault  *vault.Vault
	fold   sync.WaitGroup
	unfold context.CancelFunc
}

// recall is the index as a publisher's memory.
type recall struct {
	index *index.Index
	log   *stream.Log
}

func (r recall) Wait(ctx context.Context) error { return r.index.Wait(ctx, r.log) }

func (r recall) Lookup(txids ...string) (publish.Known, bool, error) {
	k, ok, err := r.index.Lookup(txids...)
	return publish.Known{UMID: k.UMID, MHASH: k.MHASH, Room: k.Room}, ok, err
}

// oblivious is a memory that knows nothing, so that the log alone recognises repeats.
type oblivious struct{}

func (oblivious) Wait(context.Context) error { return nil }

func (oblivious) Lookup(...string) (publish.Known, bool, error) { return publish.Known{}, false, nil }

// lawless has no policy for any room.
type lawless struct{}

func (lawless) Policy(context.Context, rooms.Room) (rooms.Policy, error) {
	return rooms.Policy{}, errors.New("no policy")
}

// standard is the policy of every room.
type standard struct{}

func (standard) Policy(context.Context, rooms.Room) (rooms.Policy, error) {
	return rooms.Policy{Revision: rooms.Revision{Name: "standard", Revision: 3}, Expiry: time.Hour}, nil
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir()}
	if err := vault.Create(h.keys()); err != nil {
		t.Fatal(err)
	}
	h.start()
	t.Cleanup(h.stop)
	return h
}

func (h *house) keys() string { return filepath.Join(h.dir, "keys.json") }

// start opens everything; when it returns, the index is whole.
func (h *house) start() {
	h.t.Helper()
	var err error
	h.server = brokertest.StartAt(h.t, filepath.Join(h.dir, "store"))
	if h.log, err = stream.Open(h.t.Context(), h.server, h.server.Manifest(), stream.Options{CommitTimeout: time.Second}); err != nil {
		h.t.Fatal(err)
	}
	h.openVault()
	h.openIndex()
	h.publisher(recall{h.index, h.log})
}

func (h *house) openVault() {
	h.t.Helper()
	v, err := vault.Open(h.t.Context(), vault.Options{KeysFile: h.keys()})
	if err != nil {
		h.t.Fatal(err)
	}
	h.vault = v
}

func (h *house) openIndex() {
	h.t.Helper()
	h.quotas = quota.New(h.limits, quota.Deps{Wait: func(ctx context.Context) error { return h.index.Wait(ctx, h.log) }})
	x, err := index.Open(index.Options{Path: filepath.Join(h.dir, "index", "index.db"), Observer: h.quotas})
	if err != nil {
		h.t.Fatal(err)
	}
	if err := x.Since(h.quotas.Oldest(), h.quotas.Accepted); err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.index, h.unfold = x, cancel
	h.fold.Go(func() { _ = x.Run(ctx, h.log) })
	h.catchUp()
}

// publisher makes a new one with a memory.
func (h *house) publisher(m publish.Memory) {
	h.Publisher = &publish.Publisher{Log: h.log, Memory: m, Vault: h.vault, Verifier: h.vault, Policies: standard{}, Quotas: h.quotas}
}

func (h *house) catchUp() {
	h.t.Helper()
	if err := (recall{h.index, h.log}).Wait(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) closeIndex() {
	h.unfold()
	h.fold.Wait()
	if err := h.index.Close(); err != nil {
		h.t.Error(err)
	}
}

func (h *house) stop() {
	h.closeIndex()
	h.log.Close()
	h.server.Stop()
}

func (h *house) restart() {
	h.t.Helper()
	h.stop()
	h.start()
}

// loseIndex deletes the index and folds a new one.
func (h *house) loseIndex() {
	h.t.Helper()
	h.closeIndex()
	if err := os.RemoveAll(filepath.Join(h.dir, "index")); err != nil {
		h.t.Fatal(err)
	}
	h.openIndex()
	h.publisher(recall{h.index, h.log})
}

// entries are all messages in the log.
func (h *house) entries() []rooms.Message {
	h.t.Helper()
	end, _, err := h.log.Ends(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	var all []rooms.Message
	for n := range end {
		m, err := h.log.Message(h.t.Context(), n+1)
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// erase records what the planner records of a message, then erases its body.
func (h *house) erase() {
	h.t.Helper()
	for _, m := range h.entries() {
		e := rooms.Event{Kind: rooms.EventAccepted, Room: m.Room, UMID: m.UMID, At: m.ReceivedAt, Message: &m.Header}
		if err := h.log.Record(h.t.Context(), e); err != nil {
			h.t.Fatal(err)
		}
		if err := h.log.Erase(h.t.Context(), m.Sequence); err != nil {
			h.t.Fatal(err)
		}
	}
}

// accept publishes what must be accepted.
func (h *house) accept(r publish.Request) publish.Receipt {
	h.t.Helper()
	receipt, err := h.Publish(h.t.Context(), r)
	if err != nil {
		h.t.Fatal(err)
	}
	return receipt
}

// repeated fails unless a request is answered with its first receipt.
func (h *house) repeated(r publish.Request, first publish.Receipt) {
	h.t.Helper()
	want := first
	want.Duplicate = true
	if got := h.accept(r); got != want {
		h.t.Errorf("the repeat got %+v, want %+v", got, want)
	}
}

// request n is to all subscribers.
func request(n int) publish.Request {
	content := fmt.Sprintf("{ \"text\" :\t\"hello \\u00fc <b> %d\" }", n)
	return publish.Request{
		Client: "hosp-7", Room: "newborn", TransactionID: fmt.Sprintf("hosp-7-%d", n), Reference: "case 42",
		Type: "reminder", Lane: rooms.Normal, Content: []byte(content), Raw: []byte(`{"content":` + content + "}"),
	}
}

func directRequest(t *testing.T, n int) publish.Request {
	t.Helper()
	email, err := rooms.ParseEmail("dinah@example.com")
	if err != nil {
		t.Fatal(err)
	}
	phone, err := rooms.ParsePhone("+996555000111")
	if err != nil {
		t.Fatal(err)
	}
	r := request(n)
	r.Direct = true
	r.Recipients = []rooms.Contact{{Channel: rooms.Email, Address: email, Name: rooms.NewBody("Dinah")}, {Channel: rooms.SMS, Address: phone}}
	return r
}
