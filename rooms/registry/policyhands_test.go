package registry_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/vault"
)

func asking(t *testing.T, at string) rooms.Policy {
	t.Helper()
	p := patient(48 * time.Hour)
	var err error
	if p.Check.URL, err = rooms.ParseURL(at); err != nil {
		t.Fatal(err)
	}
	return p
}

// Whom a policy asks stands in the log sealed alone, is known on every node, and survives a change of keys; where it
// cannot be opened, somebody is to be asked nevertheless.
func TestWhomAPolicyAsksIsSealed(t *testing.T) {
	const url = "https://check.example.org/?key=sesame"
	h := newHouse(t)
	v := h.openKeys()
	here, there := policiesOn(h.log, v, h.rooms()), policiesOn(h.log, v, h.rooms())
	one, err := here.Draft(t.Context(), asking(t, url), "boss")
	if err != nil {
		t.Fatal(err)
	}
	read := func(p *registry.Policies) rooms.PolicyRevision {
		got, err := p.Get(t.Context(), one.Revision)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, p := range []*registry.Policies{here, there} {
		if got := read(p); got.Check.URL.Reveal() != url {
			t.Errorf("%q", got.Check.URL.Reveal())
		}
	}
	_ = filepath.WalkDir(h.store(), func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if data, _ := os.ReadFile(name); bytes.Contains(data, []byte("sesame")) {
				t.Errorf("it stands in %s", name)
			}
		}
		return nil
	})
	before, _ := vault.SealedBy(read(there).Sealed)
	v = h.promote()
	there = policiesOn(h.log, v, h.rooms())
	rekey := registry.Rekeyer{Store: h.log, Ring: v, Rooms: h.rooms(), Log: slog.New(slog.DiscardHandler), Policies: h.log}
	uses, err := rekey.Pass(t.Context())
	after, _ := vault.SealedBy(read(there).Sealed)
	if err != nil || before == after || uses[before] != 0 || uses[after] != 1 || read(there).Check.URL.Reveal() != url {
		t.Errorf("%v: sealed by %d, then %d; %v", err, before, after, uses)
	}
	stranger := filepath.Join(t.TempDir(), "keys.json")
	if err := vault.Create(stranger); err != nil {
		t.Fatal(err)
	}
	other, err := vault.Open(t.Context(), vault.Options{KeysFile: stranger})
	if err != nil {
		t.Fatal(err)
	}
	if got := read(policiesOn(h.log, other, h.rooms())); !got.Check.URL.IsZero() || got.Check.Timeout == 0 {
		t.Errorf("without the key nobody is asked any more: %+v", got.Check)
	}
}

func TestADeletedDraftIsGoneEverywhere(t *testing.T) {
	h := newHouse(t)
	here, there := policiesOn(h.log, h.openKeys(), h.rooms()), policiesOn(h.log, h.openKeys(), h.rooms())
	first, err := here.Draft(t.Context(), patient(48*time.Hour), "boss")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := there.Get(t.Context(), first.Revision); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		by    rooms.Client
		entry uint64
		want  error
	}{{"deputy", first.Entry, rooms.ErrOtherPolicy}, {"boss", first.Entry + 1, registry.ErrRevision}, {"boss", first.Entry, nil}, {"boss", first.Entry, registry.ErrUnknownPolicy}} {
		if err := here.Delete(t.Context(), first.Revision, tc.entry, tc.by); !errors.Is(err, tc.want) {
			t.Errorf("by %s: %v, want %v", tc.by, err, tc.want)
		}
	}
	if _, err := there.Get(t.Context(), first.Revision); !errors.Is(err, registry.ErrUnknownPolicy) {
		t.Errorf("there: %v", err)
	}
	if all, err := there.List(t.Context(), ""); err != nil || len(all) != 1 {
		t.Errorf("listed: %+v, %v", all, err)
	}
	again, err := there.Draft(t.Context(), patient(24*time.Hour), "deputy")
	if err != nil || again.Author != "deputy" || again.Revision != first.Revision || again.Entry == first.Entry {
		t.Fatalf("the name is free again: %+v, %v", again, err)
	}
	submitted, err := there.Take(t.Context(), again.Revision, again.Entry, rooms.SubmitPolicy, "deputy")
	if err != nil {
		t.Fatal(err)
	}
	if err := here.Delete(t.Context(), submitted.Revision, submitted.Entry, "deputy"); !errors.Is(err, rooms.ErrPolicyState) {
		t.Errorf("what was submitted: %v", err)
	}
}

func TestAPolicyIsHandedOver(t *testing.T) {
	h := newHouse(t)
	p := policiesOn(h.log, h.openKeys(), h.rooms())
	draft, err := p.Draft(t.Context(), asking(t, "https://check.example.org"), "boss")
	if err != nil {
		t.Fatal(err)
	}
	first := take(t, p, draft, rooms.SubmitPolicy, rooms.ApprovePolicy, rooms.PublishPolicy)
	if draft, err = p.Next(t.Context(), first.Policy, "boss"); err != nil {
		t.Fatal(err)
	}
	take(t, p, draft, rooms.SubmitPolicy, rooms.ApprovePolicy)
	for range 2 { // the second time is dull
		all, err := p.HandOver(t.Context(), "patient", "deputy")
		if err != nil || len(all) != 2 || all[0].Author != "deputy" || all[0].State != rooms.PolicyPublished || all[1].Author != "deputy" || all[1].State != rooms.PolicyDraft || all[1].Approver != "" {
			t.Fatalf("%+v, %v", all, err)
		}
	}
	if _, err := p.Next(t.Context(), first.Policy, "boss"); !errors.Is(err, rooms.ErrOtherPolicy) {
		t.Errorf("its former author goes on: %v", err)
	}
	if got, err := p.Policy(t.Context(), first.Revision); err != nil || got.Check.URL.IsZero() || got.Expiry != 48*time.Hour {
		t.Errorf("what applies has changed: %+v, %v", got, err)
	}
	if _, err := p.HandOver(t.Context(), rooms.StandardPolicy, "deputy"); !errors.Is(err, rooms.ErrOtherPolicy) {
		t.Errorf("the operator's: %v", err)
	}
}

// Nobody approves what he has written himself, whosever policy it is by now, and whatever was made of it since.
func TestWriterDoesNotApproveAfterAHandOver(t *testing.T) {
	h := newHouse(t)
	p := policiesOn(h.log, h.openKeys(), h.rooms())
	one, err := p.Draft(t.Context(), patient(48*time.Hour), "officer")
	if err != nil {
		t.Fatal(err)
	}
	handed := func() rooms.PolicyRevision {
		t.Helper()
		all, err := p.HandOver(t.Context(), "patient", "boss")
		if err != nil {
			t.Fatal(err)
		}
		return all[len(all)-1]
	}
	refused := func(when string, one rooms.PolicyRevision) {
		t.Helper()
		one = take(t, p, one, rooms.SubmitPolicy)
		fresh := policiesOn(h.log, h.openKeys(), h.rooms())
		if _, err := fresh.Take(t.Context(), one.Revision, one.Entry, rooms.ApprovePolicy, "officer"); !errors.Is(err, rooms.ErrOwnPolicy) {
			t.Errorf("%s: %v", when, err)
		}
	}
	refused("handed over", handed())
	rules := patient(72 * time.Hour)
	rules.Revision = one.Revision
	if one, err = p.Get(t.Context(), one.Revision); err != nil {
		t.Fatal(err)
	}
	if one, err = p.Rewrite(t.Context(), rules, one.Entry, "boss"); err != nil {
		t.Fatal(err)
	}
	refused("and rewritten", one)
	next, err := p.Next(t.Context(), rules, "boss")
	if err != nil {
		t.Fatal(err)
	}
	refused("the next revision of what nobody has approved", next)
	if next, err = p.Get(t.Context(), next.Revision); err != nil {
		t.Fatal(err)
	}
	if next, err = p.Take(t.Context(), next.Revision, next.Entry, rooms.ApprovePolicy, "second officer"); err != nil {
		t.Fatal(err)
	}
	take(t, p, next, rooms.PublishPolicy)
	if next, err = p.Next(t.Context(), rules, "boss"); err != nil {
		t.Fatal(err)
	}
	take(t, p, next, rooms.SubmitPolicy, rooms.ApprovePolicy)
}

// What was stored before writers were has its author for one.
func TestWriterOfAnEarlierStore(t *testing.T) {
	one := rooms.PolicyRevision{Policy: patient(time.Hour), State: rooms.PolicyDraft, Author: "officer"}.HandOver("boss")
	one.State = rooms.PolicySubmitted
	if _, err := one.Take(rooms.ApprovePolicy, "officer"); !errors.Is(err, rooms.ErrOwnPolicy) {
		t.Errorf("%v", err)
	}
	if _, err := one.Take(rooms.ApprovePolicy, "second officer"); err != nil {
		t.Errorf("%v", err)
	}
}

// keeps takes every revision, and nobody reads them again.
type keeps struct{ last uint64 }

func (k *keeps) PutPolicy(context.Context, rooms.PolicyRevision) (uint64, error) {
	k.last++
	return k.last, nil
}

func (*keeps) Policies(context.Context, uint64) ([]rooms.PolicyRevision, error) { return nil, nil }

// Schemas are at hand on every node, so there is an end to them. What gets smaller is never refused.
func TestThereIsAnEndToSchemas(t *testing.T) {
	p := policiesOn(&keeps{}, nil, nil)
	rules := patient(time.Hour)
	rules.Types = []rooms.MessageType{{Type: "a", Schema: make([]byte, 8<<20)}}
	one, err := p.Draft(t.Context(), rules, "boss")
	for n := 2; n <= 8 && err == nil; n++ {
		one, err = p.Next(t.Context(), rules, "boss")
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Next(t.Context(), rules, "boss"); !errors.Is(err, registry.ErrQuota) {
		t.Errorf("one more: %v", err)
	}
	if one, err = p.Take(t.Context(), one.Revision, one.Entry, rooms.SubmitPolicy, "boss"); err != nil {
		t.Errorf("a step: %v", err)
	}
	rules.Revision, rules.Types = one.Revision, nil
	if _, err := p.Rewrite(t.Context(), rules, one.Entry, "boss"); err != nil {
		t.Errorf("less: %v", err)
	}
	rules.Types = []rooms.MessageType{{Type: "a", Schema: make([]byte, 8<<20)}}
	if _, err := p.Next(t.Context(), rules, "boss"); err != nil {
		t.Errorf("there is room again: %v", err)
	}
}
