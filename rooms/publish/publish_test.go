package publish_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/stream"
)

func TestMessageStandsInTheLog(t *testing.T) {
	h, r := newHouse(t), request(1)
	receipt := h.accept(r)
	m := h.entries()[0]
	if receipt.Duplicate || receipt.UMID != m.UMID || receipt.Room != r.Room || !receipt.ReceivedAt.Equal(m.ReceivedAt) || !m.UMID.Time().Equal(m.ReceivedAt) {
		t.Errorf("receipt %+v for %+v", receipt, m.Header)
	}
	if !bytes.Equal(m.Payload, r.Content) {
		t.Errorf("payload %q, want %q", m.Payload, r.Content)
	}
	want := rooms.Header{UMID: m.UMID, Room: "newborn", Type: "reminder", Lane: rooms.Normal, Publisher: "hosp-7",
		MHASH: h.vault.MAC("request newborn", r.Raw), TxID: string(h.vault.Hash("transaction", "hosp-7", "hosp-7-1")),
		Policy: rooms.Revision{Name: "standard", Revision: 3}, ReceivedAt: m.ReceivedAt, ExpiresAt: m.ReceivedAt.Add(time.Hour), Sequence: 1}
	if m.Header != want {
		t.Errorf("header\n%+v, want\n%+v", m.Header, want)
	}
	slip, err := h.vault.Unseal(m.Sealed, "slip", "newborn", string(m.UMID))
	if err != nil || string(slip) != `{"transactionId":"hosp-7-1","reference":"case 42"}` {
		t.Errorf("slip %s, %v", slip, err)
	}
}

func TestNamedRecipientsAreSealed(t *testing.T) {
	h, r := newHouse(t), directRequest(t, 1)
	r.ExpiresAt = time.Now().UTC().Truncate(time.Millisecond).Add(time.Minute)
	h.accept(r)
	m := h.entries()[0]
	if !m.Direct || m.Recipients != 2 || !m.ExpiresAt.Equal(r.ExpiresAt) || len(m.Sealed) > 0 {
		t.Errorf("header %+v", m.Header)
	}
	for _, s := range []string{"dinah", "hello", "996555", "hosp-7-1", "case 42"} {
		if strings.Contains(fmt.Sprintf("%s %+v", m.Payload, m.Header), s) {
			t.Errorf("%q stands in the log in the clear", s)
		}
	}
	plain, err := h.vault.Unseal(m.Payload, "envelope", "newborn", string(m.UMID))
	if err != nil {
		t.Fatal(err)
	}
	e, err := rooms.DecodeEnvelope(plain)
	if err != nil || !bytes.Equal(e.Content, r.Content) || !slices.EqualFunc(e.Recipients, r.Recipients, same) || e.TransactionID != r.TransactionID || e.Reference != r.Reference {
		t.Errorf("the envelope came back changed: %v", err)
	}
	if _, err := h.vault.Unseal(m.Payload, "envelope", "other", string(m.UMID)); err == nil {
		t.Error("the envelope opens for another room")
	}
}

func same(a, b rooms.Contact) bool { return bytes.Equal(a.Encode(), b.Encode()) }

// memories are who recognises a repeat: the index that has folded the message, the index as it
// happens to stand, and the log alone.
func memories(t *testing.T, test func(t *testing.T, h *house, settle func())) {
	t.Helper()
	for name, prepare := range map[string]func(h *house) func(){
		"index":     func(h *house) func() { return h.catchUp },
		"as it is":  func(*house) func() { return func() {} },
		"log alone": func(h *house) func() { h.publisher(oblivious{}); return func() {} },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			test(t, h, prepare(h))
		})
	}
}

func TestRepeatGetsTheFirstReceipt(t *testing.T) {
	memories(t, func(t *testing.T, h *house, settle func()) {
		for n, r := range []publish.Request{request(1), directRequest(t, 2)} {
			first := h.accept(r)
			settle()
			h.repeated(r, first)
			h.repeated(r, first)
			if all := h.entries(); len(all) != n+1 {
				t.Errorf("%d entries, want %d", len(all), n+1)
			}
		}
	})
}

func TestTransactionIDOfAnotherRequest(t *testing.T) {
	memories(t, func(t *testing.T, h *house, settle func()) {
		first := h.accept(request(1))
		settle()
		body, room := request(1), request(1)
		body.Raw = append(body.Raw, ' ')
		room.Room = "school"
		for name, r := range map[string]publish.Request{"another body": body, "another room": room} {
			if receipt, err := h.Publish(t.Context(), r); !errors.Is(err, publish.ErrConflict) || receipt != (publish.Receipt{}) {
				t.Errorf("%s: %+v, %v", name, receipt, err)
			}
		}
		client := request(1)
		client.Client = "hosp-8"
		if other := h.accept(client); other.Duplicate || other.UMID == first.UMID {
			t.Errorf("another client's own id: %+v", other)
		}
		h.repeated(request(1), first)
		if all := h.entries(); len(all) != 2 {
			t.Errorf("%d entries, want 2", len(all))
		}
	})
}

func TestManyAtOnceAreOne(t *testing.T) {
	memories(t, func(t *testing.T, h *house, _ func()) {
		receipts := make([]publish.Receipt, 100)
		var all sync.WaitGroup
		for n := range receipts {
			all.Go(func() {
				var err error
				if receipts[n], err = h.Publish(t.Context(), request(1)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		fresh := 0
		for _, r := range receipts {
			if !r.Duplicate {
				fresh++
			}
			r.Duplicate = false
			if first := receipts[0]; r.UMID != first.UMID || r.Room != first.Room || !r.ReceivedAt.Equal(first.ReceivedAt) {
				t.Errorf("got %+v and %+v", r, first)
			}
		}
		if entries := h.entries(); fresh != 1 || len(entries) != 1 || entries[0].UMID != receipts[0].UMID {
			t.Errorf("%d new of %d entries, want one", fresh, len(entries))
		}
	})
}

// What is larger than the log takes is refused, and what only just is not is stored.
func TestTooLargeForTheLog(t *testing.T) {
	h := newHouse(t)
	r := directRequest(t, 1)
	h.accept(r)
	h.Limit = len(h.entries()[0].Payload)
	h.accept(directRequest(t, 2))
	r.TransactionID = "hosp-7-large"
	r.Content = append([]byte(" "), r.Content...)
	if receipt, err := h.Publish(t.Context(), r); !errors.Is(err, publish.ErrTooLarge) {
		t.Errorf("%+v, %v", receipt, err)
	}
	if all := h.entries(); len(all) != 2 {
		t.Errorf("%d entries, want 2", len(all))
	}
}

func TestUMIDsSortAsMade(t *testing.T) {
	h := newHouse(t)
	at := time.UnixMilli(1_764_000_000_000)
	h.Now = func() time.Time { return at }
	var last rooms.UMID
	for n := range 50 {
		r := h.accept(request(n))
		if r.UMID <= last || !r.ReceivedAt.Equal(at) {
			t.Fatalf("%+v after %s", r, last)
		}
		last = r.UMID
	}
}

// While nobody knows under which rules a message would be delivered, it is not accepted under others.
func TestNothingIsAcceptedWithoutAPolicy(t *testing.T) {
	h := newHouse(t)
	h.Policies = lawless{}
	if receipt, err := h.Publish(t.Context(), request(1)); !errors.Is(err, publish.ErrUnavailable) {
		t.Errorf("%+v, %v", receipt, err)
	}
	if all := h.entries(); len(all) != 0 {
		t.Errorf("%d entries, want none", len(all))
	}
	h.Policies = standard{}
	h.accept(request(1))
}

// The log does not answer: the message may or may not be in it. The same request, made again
// when the log is back, leaves one entry.
func TestUnavailableThenOnce(t *testing.T) {
	h := newHouse(t)
	h.server.Stop()
	if receipt, err := h.Publish(t.Context(), request(1)); !errors.Is(err, publish.ErrUnavailable) {
		t.Fatalf("without a server: %+v, %v", receipt, err)
	}
	h.restart()
	first := h.accept(request(1))
	h.repeated(request(1), first)
	if all := h.entries(); len(all) != 1 {
		t.Errorf("%d entries, want 1", len(all))
	}
}

func TestCallerGoesBeforeTheAnswer(t *testing.T) {
	h := newHouse(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Publish(ctx, request(1)); err != nil && !errors.Is(err, publish.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	h.accept(request(1))
	if all := h.entries(); len(all) != 1 {
		t.Errorf("%d entries, want 1", len(all))
	}
}

// refusing is a log that stores nothing.
type refusing struct {
	publish.Log
	why error
}

func (r refusing) Append(context.Context, rooms.Message) (uint64, bool, error) {
	return 0, false, r.why
}

func TestRefusalsOfTheLog(t *testing.T) {
	h, other := newHouse(t), errors.New("something else")
	for why, want := range map[error]error{stream.ErrFull: publish.ErrFull, stream.ErrUnavailable: publish.ErrUnavailable, other: other} {
		h.Log = refusing{h.log, why}
		if receipt, err := h.Publish(t.Context(), request(1)); !errors.Is(err, want) || receipt != (publish.Receipt{}) {
			t.Errorf("%v: %+v, %v", why, receipt, err)
		}
	}
}

// A call without a transaction id is a message of its own, and its UMID is the id by which it is known.
func TestWithoutTransactionID(t *testing.T) {
	h := newHouse(t)
	r := request(1)
	r.TransactionID = ""
	first, second := h.accept(r).UMID, h.accept(r).UMID
	if first == second {
		t.Fatalf("both are %s", first)
	}
	h.catchUp()
	r.TransactionID = string(first)
	again, err := h.Publish(t.Context(), r)
	if err != nil || !again.Duplicate || again.UMID != first {
		t.Errorf("%+v, %v", again, err)
	}
}
