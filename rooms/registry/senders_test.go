package registry_test

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

func sendersOn(s registry.SenderStore) *registry.Senders {
	return registry.NewSenders(s, slog.New(slog.DiscardHandler))
}

func health(client rooms.Client, email ...string) rooms.Registration {
	return rooms.Registration{Client: client, Organisation: "Ministry of Health", Email: email, SMS: []string{"HEALTH"}}
}

func named(t *testing.T, s string) rooms.Sender {
	t.Helper()
	a, err := rooms.ParseEmail(s)
	if err != nil {
		t.Fatal(err)
	}
	return rooms.Sender{Email: a}
}

// What is registered on one node another, which runs nothing, applies when it is asked.
func TestRegistrationOfSenders(t *testing.T) {
	h := newHouse(t)
	here, there := sendersOn(h.log), sendersOn(h.log)
	one, err := here.Put(t.Context(), health("hosp-7", "noreply@health.example"))
	if err != nil || one.Entry == 0 {
		t.Fatalf("%+v, %v", one, err)
	}
	got, err := there.Resolve(t.Context(), "hosp-7", named(t, "NoReply@health.example"), false)
	if err != nil || got.Organisation != "Ministry of Health" || got.Email.Reveal() != "noreply@health.example" || got.SMS != "HEALTH" {
		t.Errorf("%+v, %v", got.Form(), err)
	}
	if got, err := there.Resolve(t.Context(), "tax-1", rooms.Sender{}, false); err != nil || got.Form() != nil {
		t.Errorf("unregistered: %+v, %v", got.Form(), err)
	}
	for name, ask := range map[string]rooms.Sender{"nothing named, and needed": {}, "another's": named(t, "noreply@health.example")} {
		if got, err := there.Resolve(t.Context(), "tax-1", ask, true); !errors.Is(err, rooms.ErrSender) || got.Form() != nil {
			t.Errorf("%s: %+v, %v", name, got.Form(), err)
		}
	}
	if _, err := there.Put(t.Context(), health("hosp-7")); !errors.Is(err, registry.ErrClientExists) {
		t.Errorf("registered twice: %v", err)
	}
	changed := health("hosp-7", "info@health.example")
	changed.Entry = one.Entry
	if changed, err = there.Put(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	lost := health("hosp-7")
	lost.Entry = one.Entry
	if _, err := here.Put(t.Context(), lost); !errors.Is(err, registry.ErrRevision) {
		t.Errorf("a lost update: %v", err)
	}
	if _, err := here.Resolve(t.Context(), "hosp-7", named(t, "info@health.example"), false); err != nil {
		t.Errorf("what was changed: %v", err)
	}
	if all, err := here.List(t.Context()); err != nil || len(all) != 1 || all[0].Entry != changed.Entry {
		t.Errorf("%+v, %v", all, err)
	}
	if err := here.Remove(t.Context(), "hosp-7"); err != nil {
		t.Error(err)
	}
	if err := there.Remove(t.Context(), "hosp-7"); !errors.Is(err, registry.ErrUnknownClient) {
		t.Errorf("removed twice: %v", err)
	}
	if _, err := there.Get(t.Context(), "hosp-7"); !errors.Is(err, registry.ErrUnknownClient) {
		t.Errorf("read after it was removed: %v", err)
	}
	if _, err := there.Put(t.Context(), health("hosp-7", "noreply@health.example")); err != nil {
		t.Errorf("registered anew: %v", err)
	}
}

func TestSendersOfAnotherOrganisation(t *testing.T) {
	h := newHouse(t)
	here, there := sendersOn(h.log), sendersOn(h.log)
	if _, err := here.Put(t.Context(), health("hosp-7", "noreply@health.example")); err != nil {
		t.Fatal(err)
	}
	if _, err := there.Put(t.Context(), health("hosp-8", "noreply@health.example")); err != nil {
		t.Errorf("a client of the same organisation: %v", err)
	}
	for name, wanted := range map[string]rooms.Registration{
		"the address": {Email: []string{"noreply@health.example"}}, "the domain": {Email: []string{"*@health.example"}}, "the SMS sender": {SMS: []string{"Health"}},
	} {
		wanted.Client, wanted.Organisation = "tax-1", "Tax Office"
		if _, err := there.Put(t.Context(), wanted); !errors.Is(err, registry.ErrSenderTaken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := here.Remove(t.Context(), "hosp-7"); err != nil {
		t.Fatal(err)
	}
	if err := here.Remove(t.Context(), "hosp-8"); err != nil {
		t.Fatal(err)
	}
	if _, err := there.Put(t.Context(), rooms.Registration{Client: "tax-1", Organisation: "Tax Office", SMS: []string{"Health"}}); err != nil {
		t.Errorf("what nobody has any more: %v", err)
	}
}

// Organisations want one sender at the same moment, on nodes of their own: one of them gets it.
func TestSendersHaveOneOrganisation(t *testing.T) {
	h := newHouse(t)
	for round := range 5 {
		var all sync.WaitGroup
		got := make(chan error, 8)
		for i := range 8 {
			all.Go(func() {
				_, err := sendersOn(h.log).Put(t.Context(), rooms.Registration{
					Client: rooms.Client(fmt.Sprintf("c%d-%d", round, i)), Organisation: fmt.Sprintf("Office %d", i), SMS: []string{fmt.Sprintf("SENDER%d", round)},
				})
				got <- err
			})
		}
		all.Wait()
		close(got)
		taken := 0
		for err := range got {
			if err == nil {
				taken++
			} else if !errors.Is(err, registry.ErrSenderTaken) {
				t.Error(err)
			}
		}
		if taken != 1 {
			t.Errorf("round %d: %d have it", round, taken)
		}
	}
}
