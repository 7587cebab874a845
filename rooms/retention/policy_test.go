package retention_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/retention"
	"github.com/govcrier/crier/rooms/stream"
)

// choices are what policies say of the history; of others nothing is known.
type choices map[string]rooms.History

func (c choices) Policy(_ context.Context, r rooms.Revision) (rooms.Policy, error) {
	h, ok := c[r.Name]
	if !ok {
		return rooms.Policy{}, errors.New("not now")
	}
	return rooms.Policy{Revision: r, PolicyRules: rooms.PolicyRules{History: h}}, nil
}

// The policy of a message comes before the room; where it cannot be read, nothing is lost.
func TestPolicySaysWhatBecomesOfABody(t *testing.T) {
	s := brokertest.Start(t)
	log, err := stream.Open(t.Context(), s, s.Manifest(), stream.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	start := time.Now().UTC()
	var all finished
	var wanted []bool // that it stays
	for _, tc := range []struct {
		room   rooms.Room
		policy string
		stays  bool
	}{
		{"historic", "of-room", true}, {"forgetful", "of-room", false}, {"historic", "erase", false}, {"forgetful", "erase", false},
		{"historic", "keep", true}, {"forgetful", "keep", true}, {"forgetful", "unknown", true},
	} {
		n := len(all)
		h := rooms.Header{UMID: rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", n)), Room: tc.room, Type: "t", Lane: rooms.Normal, TxID: fmt.Sprint(n),
			Policy: rooms.Revision{Name: tc.policy, Revision: 1}, ReceivedAt: start, ExpiresAt: start}
		if h.Sequence, _, err = log.Append(t.Context(), rooms.Message{Header: h, Payload: []byte("body")}); err != nil {
			t.Fatal(err)
		}
		all, wanted = append(all, h), append(wanted, tc.stays)
	}
	e := retention.Eraser{Log: log, Finder: all, Rooms: histories{"historic": true}, Readers: log, Logger: slog.New(slog.DiscardHandler),
		Policies: choices{"of-room": rooms.HistoryOfRoom, "erase": rooms.HistoryErased, "keep": rooms.HistoryKept}}
	if err := e.Pass(t.Context(), start.Add(time.Second), start.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	for n, stays := range wanted {
		if _, err := log.Message(t.Context(), all[n].Sequence); errors.Is(err, stream.ErrGone) == stays {
			t.Errorf("%s under %s: %v", all[n].Room, all[n].Policy.Name, err)
		}
	}
}

func TestAlertsStayWhileTheyAreInForce(t *testing.T) {
	h := rooms.Header{UMID: "01JDB6T0G00000000000000001", Room: "coast", Type: rooms.CAP, Lane: rooms.Emergency, ReceivedAt: time.Unix(1000, 0), ExpiresAt: time.Unix(2000, 0), Sequence: 7}
	direct, other := h, h
	direct.Direct, other.Type = true, "reminder"
	for _, tc := range []struct {
		name   string
		header rooms.Header
		now    int64
		erased bool
	}{
		{"in force", h, 1999, false}, {"expired", h, 2000, true}, {"to named recipients", direct, 1999, true}, {"no alert", other, 1999, true},
	} {
		l := &erasures{}
		e := retention.Eraser{Log: l, Finder: finished{tc.header}, Rooms: histories{}, Readers: l, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Unix(tc.now, 0) }}
		if err := e.Pass(t.Context(), time.Unix(tc.now, 0), time.Unix(tc.now, 0)); err != nil {
			t.Fatal(err)
		}
		if erased := len(l.sequences) == 1; erased != tc.erased {
			t.Errorf("%s: erased %t", tc.name, erased)
		}
	}
}

// erasures are what was erased.
type erasures struct{ sequences []uint64 }

func (l *erasures) Erase(_ context.Context, sequence uint64) error {
	l.sequences = append(l.sequences, sequence)
	return nil
}

func (l *erasures) Record(context.Context, ...rooms.Event) error { return nil }

func (l *erasures) Readings(context.Context, rooms.Room) ([]rooms.Consumer, error) { return nil, nil }
