package registry_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
)

// configured is a node whose standard policy expires after some time, and what it publishes.
func (h *house) configured(expiry time.Duration) (*registry.Policies, *[]int) {
	rules := standardPolicy()
	rules.Expiry = expiry
	rules.Lanes = map[rooms.Lane]rooms.Quota{rooms.Normal: {}, rooms.Bulk: {PerDay: 2}}
	rules.Times.Quiet = []rooms.QuietHours{{From: 21 * 60, Until: 8 * 60}}
	p := registry.NewPolicies(h.log, h.openKeys(), nil, rules, longest, slog.New(slog.DiscardHandler))
	published := &[]int{}
	p.Published = func(one rooms.PolicyRevision) { *published = append(*published, one.Revision.Revision) }
	return p, published
}

// Each change of what is configured is a revision of its own, and a message keeps the one that it was accepted under.
func TestTheStandardPolicyHasRevisions(t *testing.T) {
	h := newHouse(t)
	for _, tc := range []struct {
		expiry    time.Duration
		revision  int
		published int
	}{{5 * time.Hour, 3, 1}, {5 * time.Hour, 3, 0}, {100 * time.Hour, 4, 1}, {100 * time.Hour, 4, 0}, {5 * time.Hour, 3, 0}} {
		p, published := h.configured(tc.expiry)
		got, err := p.Current(t.Context(), "")
		if err != nil || got.Revision.Revision != tc.revision || got.Expiry != tc.expiry || len(*published) != tc.published {
			t.Fatalf("%s: revision %d expires after %s, published %v, %v", tc.expiry, got.Revision.Revision, got.Expiry, *published, err)
		}
	}
	p, _ := h.configured(100 * time.Hour)
	for n, expiry := range map[int]time.Duration{1: 5 * time.Hour, 3: 5 * time.Hour, 4: 100 * time.Hour, 9: 100 * time.Hour} {
		got, err := p.Policy(t.Context(), rooms.Revision{Name: rooms.StandardPolicy, Revision: n})
		if err != nil || got.Expiry != expiry {
			t.Errorf("what was accepted under revision %d expires after %s, %v", n, got.Expiry, err)
		}
	}
	all, err := p.List(t.Context(), rooms.StandardPolicy)
	if err != nil || len(all) != 2 || all[0].Entry == 0 || all[1].ChangedAt.IsZero() || all[1].State != rooms.PolicyPublished {
		t.Errorf("%+v, %v", all, err)
	}
	if _, err := p.Next(t.Context(), all[1].Policy, "boss"); !errors.Is(err, rooms.ErrOtherPolicy) {
		t.Errorf("drafted by a client: %v", err)
	}
	if _, err := p.Take(t.Context(), all[0].Revision, all[0].Entry, rooms.RetirePolicy, "boss"); !errors.Is(err, rooms.ErrOtherPolicy) {
		t.Errorf("retired by a client: %v", err)
	}
}

// Nodes that start at once with one configuration make one revision; another configuration is another one, at the same time.
func TestNodesAgreeOnTheStandardPolicy(t *testing.T) {
	h := newHouse(t)
	type answer struct {
		expiry   time.Duration
		revision int
		err      error
	}
	answers := make(chan answer)
	const nodes = 8
	for n := range nodes {
		expiry := time.Duration(n%2+1) * time.Hour
		p, _ := h.configured(expiry)
		go func() {
			got, err := p.Current(t.Context(), rooms.StandardPolicy)
			answers <- answer{expiry, got.Revision.Revision, err}
		}()
	}
	of := map[time.Duration]map[int]bool{}
	for range nodes {
		a := <-answers
		if a.err != nil {
			t.Fatal(a.err)
		}
		if of[a.expiry] == nil {
			of[a.expiry] = map[int]bool{}
		}
		of[a.expiry][a.revision] = true
	}
	if len(of[time.Hour]) != 1 || len(of[2*time.Hour]) != 1 {
		t.Errorf("revisions by expiry: %v", of)
	}
	all, err := h.log.Policies(t.Context(), 1)
	if err != nil || len(all) != 2 {
		t.Errorf("%+v, %v", all, err)
	}
}

// While the log cannot be asked, no message is accepted under a number that may be another's.
func TestTheStandardPolicyWaitsForTheLog(t *testing.T) {
	p := policiesOn(mute{}, nil, nil)
	if _, err := p.Policy(t.Context(), rooms.Revision{Name: rooms.StandardPolicy, Revision: 3}); !errors.Is(err, stream.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}
