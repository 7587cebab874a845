package registry_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
)

const longest = 168 * time.Hour

func standardPolicy() rooms.Policy {
	return rooms.Policy{Revision: rooms.Revision{Name: rooms.StandardPolicy, Revision: 3}, Retry: []time.Duration{time.Minute}, Expiry: 24 * time.Hour, Duplicates: "resend"}
}

func patient(expiry time.Duration) rooms.Policy {
	return rooms.Policy{
		Revision: rooms.Revision{Name: "patient"}, Retry: []time.Duration{time.Second, 90 * time.Minute}, Jitter: 0.25, Expiry: expiry, Duplicates: "resend",
	}
}

func policiesOn(s registry.PolicyStore, v registry.Sealer, r registry.RoomLister) *registry.Policies {
	return registry.NewPolicies(s, v, r, standardPolicy(), longest, slog.New(slog.DiscardHandler))
}

// take makes steps, each by whom it is for.
func take(t *testing.T, p *registry.Policies, one rooms.PolicyRevision, steps ...rooms.PolicyStep) rooms.PolicyRevision {
	t.Helper()
	for _, step := range steps {
		by := rooms.Client("boss")
		if step == rooms.ApprovePolicy {
			by = "officer"
		}
		var err error
		if one, err = p.Take(t.Context(), one.Revision, one.Entry, step, by); err != nil {
			t.Fatalf("%s: %v", step, err)
		}
	}
	return one
}

// TestPolicyLife takes a policy through its states on one node and has another, which runs nothing, apply it.
func TestPolicyLife(t *testing.T) {
	h := newHouse(t)
	here, there := policiesOn(h.log, h.openKeys(), h.rooms()), policiesOn(h.log, h.openKeys(), h.rooms())
	one, err := here.Draft(t.Context(), patient(48*time.Hour), "boss")
	if err != nil || one.State != rooms.PolicyDraft || one.Revision.Revision != 1 || one.Author != "boss" {
		t.Fatalf("%+v, %v", one, err)
	}
	if _, err := there.Draft(t.Context(), patient(time.Hour), "deputy"); !errors.Is(err, registry.ErrPolicyExists) {
		t.Errorf("drafted again: %v", err)
	}
	if _, err := there.Next(t.Context(), patient(time.Hour), "deputy"); !errors.Is(err, rooms.ErrOtherPolicy) {
		t.Errorf("another's next revision: %v", err)
	}
	one = take(t, here, one, rooms.SubmitPolicy, rooms.ApprovePolicy)
	if _, err := there.Current(t.Context(), "patient"); !errors.Is(err, registry.ErrUnknownPolicy) {
		t.Errorf("applied before it is published: %v", err)
	}
	if _, err := there.Policy(t.Context(), one.Revision); !errors.Is(err, registry.ErrUnknownPolicy) {
		t.Errorf("rules of what is not published: %v", err)
	}
	one = take(t, here, one, rooms.PublishPolicy)
	want := patient(48 * time.Hour)
	want.Revision = one.Revision
	for _, ask := range []func() (rooms.Policy, error){
		func() (rooms.Policy, error) { return there.Current(t.Context(), "patient") },
		func() (rooms.Policy, error) { return there.Policy(t.Context(), one.Revision) },
	} {
		if got, err := ask(); err != nil || !same(got, want) {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func same(a, b rooms.Policy) bool {
	if len(a.Retry) != len(b.Retry) {
		return false
	}
	for i := range a.Retry {
		if a.Retry[i] != b.Retry[i] {
			return false
		}
	}
	return a.Revision == b.Revision && a.Jitter == b.Jitter && a.Expiry == b.Expiry && a.Duplicates == b.Duplicates
}

// A message keeps its revision while newer ones are published and its own is retired, also on a node that starts then.
func TestRulesOfEarlierRevisions(t *testing.T) {
	h := newHouse(t)
	p := policiesOn(h.log, h.openKeys(), h.rooms())
	all := []rooms.PolicyStep{rooms.SubmitPolicy, rooms.ApprovePolicy, rooms.PublishPolicy}
	draft, err := p.Draft(t.Context(), patient(48*time.Hour), "boss")
	if err != nil {
		t.Fatal(err)
	}
	first := take(t, p, draft, all...)
	if draft, err = p.Next(t.Context(), patient(400*time.Hour), "boss"); err != nil {
		t.Fatal(err)
	}
	second := take(t, p, draft, all...)
	take(t, p, first, rooms.RetirePolicy)
	fresh := policiesOn(h.log, h.openKeys(), h.rooms())
	if got, err := fresh.Policy(t.Context(), first.Revision); err != nil || got.Expiry != 48*time.Hour {
		t.Errorf("the first revision: %+v, %v", got, err)
	}
	if got, err := fresh.Current(t.Context(), "patient"); err != nil || got.Revision != second.Revision || got.Expiry != longest {
		t.Errorf("the current one, no longer than the longest: %+v, %v", got, err)
	}
	if list, err := fresh.List(t.Context(), ""); err != nil || len(list) != 3 || list[0].State != rooms.PolicyRetired || list[1].Revision != second.Revision || list[2].Name != rooms.StandardPolicy {
		t.Errorf("%+v, %v", list, err)
	}
}

// Of two who change the same, the second is refused, whichever node he asks.
func TestNoChangeOfAPolicyIsLost(t *testing.T) {
	h := newHouse(t)
	here, there := policiesOn(h.log, h.openKeys(), h.rooms()), policiesOn(h.log, h.openKeys(), h.rooms())
	read, err := here.Draft(t.Context(), patient(48*time.Hour), "boss")
	if err != nil {
		t.Fatal(err)
	}
	rules := patient(72 * time.Hour)
	rules.Revision = read.Revision
	if _, err := there.Rewrite(t.Context(), rules, read.Entry, "boss"); err != nil {
		t.Fatal(err)
	}
	if _, err := here.Rewrite(t.Context(), rules, read.Entry, "boss"); !errors.Is(err, registry.ErrRevision) {
		t.Errorf("rewritten: %v", err)
	}
	if _, err := here.Take(t.Context(), read.Revision, read.Entry, rooms.SubmitPolicy, "boss"); !errors.Is(err, registry.ErrRevision) {
		t.Errorf("submitted: %v", err)
	}
	stale := rooms.PolicyRevision{Policy: rules, State: rooms.PolicyApproved, Author: "boss", Entry: read.Entry}
	if _, err := h.log.PutPolicy(t.Context(), stale); !errors.Is(err, stream.ErrRevision) {
		t.Errorf("the log itself took it: %v", err)
	}
	if got, err := here.Get(t.Context(), read.Revision); err != nil || got.Expiry != 72*time.Hour || got.State != rooms.PolicyDraft {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPolicyOfARoomIsNotRetired(t *testing.T) {
	h := newHouse(t)
	known := h.rooms()
	p := policiesOn(h.log, h.openKeys(), known)
	draft, err := p.Draft(t.Context(), patient(48*time.Hour), "boss")
	if err != nil {
		t.Fatal(err)
	}
	one := take(t, p, draft, rooms.SubmitPolicy, rooms.ApprovePolicy, rooms.PublishPolicy)
	room, err := known.Create(t.Context(), rooms.RoomConfig{Name: "clinic", Policy: "patient"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Take(t.Context(), one.Revision, one.Entry, rooms.RetirePolicy, "boss"); !errors.Is(err, registry.ErrPolicyInUse) {
		t.Errorf("retired: %v", err)
	}
	room.Policy = ""
	if _, err := known.Put(t.Context(), room); err != nil {
		t.Fatal(err)
	}
	take(t, p, one, rooms.RetirePolicy)
	if _, err := p.Current(t.Context(), "patient"); !errors.Is(err, registry.ErrUnknownPolicy) {
		t.Errorf("applies to new messages though retired: %v", err)
	}
}

// Whoever cannot ask the log says neither that a policy is unknown nor that another one applies.
func TestPolicyOfWhichNobodyKnows(t *testing.T) {
	p := policiesOn(mute{}, nil, nil)
	if _, err := p.Current(t.Context(), "patient"); !errors.Is(err, stream.ErrUnavailable) || errors.Is(err, registry.ErrUnknownPolicy) {
		t.Errorf("current: %v", err)
	}
	if _, err := p.Policy(t.Context(), rooms.Revision{Name: "patient", Revision: 1}); !errors.Is(err, stream.ErrUnavailable) || errors.Is(err, registry.ErrUnknownPolicy) {
		t.Errorf("by revision: %v", err)
	}
	if _, err := p.Current(t.Context(), ""); !errors.Is(err, stream.ErrUnavailable) {
		t.Errorf("which revision the standard policy is: %v", err)
	}
}

type mute struct{ registry.PolicyStore }

func (mute) Policies(context.Context, uint64) ([]rooms.PolicyRevision, error) {
	return nil, stream.ErrUnavailable
}

// A node learns of newer revisions without being asked.
func TestNewerRevisionIsHeardOf(t *testing.T) {
	h := newHouse(t)
	here, there := policiesOn(h.log, h.openKeys(), h.rooms()), policiesOn(h.log, h.openKeys(), h.rooms())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- there.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	}()
	draft, err := here.Draft(t.Context(), patient(48*time.Hour), "boss")
	for n := 1; n <= 2 && err == nil; n++ {
		take(t, here, draft, rooms.SubmitPolicy, rooms.ApprovePolicy, rooms.PublishPolicy)
		for until := time.Now().Add(2 * time.Minute); ; {
			got, err := there.Current(t.Context(), "patient")
			if err == nil && got.Revision.Revision == n {
				break
			}
			if time.Now().After(until) {
				t.Fatalf("after five seconds revision %d still is %+v, %v", n, got, err)
			}
		}
		draft, err = here.Next(t.Context(), patient(72*time.Hour), "boss")
	}
	if err != nil {
		t.Fatal(err)
	}
}
