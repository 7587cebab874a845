package registry_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// post keeps what is brought.
type post struct {
	mu      sync.Mutex
	brought []registry.Invite
	err     error
}

func (p *post) Bring(_ context.Context, i registry.Invite) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.brought = append(p.brought, i)
	}
	return p.err
}

func (p *post) last(t *testing.T) registry.Invite {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.brought) == 0 {
		t.Fatal("nothing was brought")
	}
	return p.brought[len(p.brought)-1]
}

// count is how many codes were brought; one that comes again is the same.
func (p *post) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := map[string]bool{}
	for _, i := range p.brought {
		seen[i.Nonce] = true
	}
	return len(seen)
}

func (h *house) invitations(p *post) *registry.Invitations {
	return &registry.Invitations{Subscribers: h.subs, Courier: p, Options: registry.InvitationOptions{}.WithDefaults()}
}

func (h *house) state(id rooms.SubscriberID) string {
	h.t.Helper()
	sub, _, err := h.subs.Get(h.t.Context(), "newborn", id)
	if errors.Is(err, registry.ErrUnknownSubscriber) {
		return "gone"
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return sub.State.String()
}

func wish(c rooms.Contact) rooms.Subscription {
	return rooms.Subscription{Contact: c, Consent: rooms.Consent{By: "portal", Purpose: "reminders"}}
}

func TestJoiningByRoom(t *testing.T) {
	h, p := newHouse(t), &post{}
	in, ctx := h.invitations(p), t.Context()
	if _, err := in.Ask(ctx, rooms.RoomConfig{Name: "newborn"}, wish(phone(t, 1))); !errors.Is(err, registry.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	id, err := in.Ask(ctx, rooms.RoomConfig{Name: "newborn", Join: rooms.JoinOpen}, wish(phone(t, 1)))
	if err != nil || h.state(id) != "invited" || p.last(t).To.Address.Same() != phone(t, 1).Address.Same() {
		t.Errorf("open: %v, %s", err, h.state(id))
	}
	approval := rooms.RoomConfig{Name: "newborn", Join: rooms.JoinApproval}
	id, err = in.Ask(ctx, approval, wish(phone(t, 2)))
	if err != nil || h.state(id) != "requested" || p.count() != 1 {
		t.Fatalf("approval: %v, %s", err, h.state(id))
	}
	if _, err := in.Confirm(ctx, "newborn", id, p.last(t).Code); !errors.Is(err, registry.ErrCode) {
		t.Errorf("confirmed without approval: %v", err)
	}
	if sub, err := in.Approve(ctx, approval, id); err != nil || sub.State != rooms.SubscriberInvited || p.count() != 2 {
		t.Errorf("approve: %v, %+v", err, sub)
	}
	if _, err := in.Confirm(ctx, "newborn", id, strings.ToLower(strings.ReplaceAll(p.last(t).Code, "-", " "))); err != nil || h.state(id) != "active" {
		t.Errorf("confirm: %v, %s", err, h.state(id))
	}
	if _, err := in.Approve(ctx, approval, id); !errors.Is(err, registry.ErrSubscriberState) {
		t.Errorf("approve who is active: %v", err)
	}
	id, _ = in.Ask(ctx, approval, wish(phone(t, 3)))
	if err := in.Decline(ctx, approval, id); err != nil || h.state(id) != "gone" {
		t.Errorf("decline: %v, %s", err, h.state(id))
	}
}

// What is answered does not tell who is there; and who is there is neither changed nor written to.
func TestAskingTellsNothing(t *testing.T) {
	h, p := newHouse(t), &post{}
	in, room := h.invitations(p), rooms.RoomConfig{Name: "newborn", Join: rooms.JoinOpen}
	member, _, err := h.subs.Add(t.Context(), "newborn", phone(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	id, err := in.Ask(t.Context(), room, wish(phone(t, 1)))
	if err != nil || id != member.ID || p.count() != 0 || h.state(id) != "active" {
		t.Errorf("a member: %v, %d brought, %s", err, p.count(), h.state(id))
	}
	for range 3 {
		if _, err := in.Ask(t.Context(), room, wish(phone(t, 2))); err != nil {
			t.Error(err)
		}
	}
	if p.count() != 1 {
		t.Errorf("%d codes for three wishes", p.count())
	}
	if _, err := in.Confirm(t.Context(), "newborn", member.ID, "7KQM-3XVB"); !errors.Is(err, registry.ErrCode) {
		t.Errorf("a member: %v", err)
	}
	if _, err := in.Confirm(t.Context(), "newborn", rooms.SubscriberID(strings.Repeat("y", 26)+"A"), "7KQM-3XVB"); !errors.Is(err, registry.ErrCode) {
		t.Errorf("nobody: %v", err)
	}
}

// Of 10,000 tries at once, over two nodes, five are counted; then not even the right code helps.
func TestGuessingGetsNowhere(t *testing.T) {
	h, p := newHouse(t), &post{}
	in := h.invitations(p)
	id, err := in.Ask(t.Context(), rooms.RoomConfig{Name: "newborn", Join: rooms.JoinOpen}, wish(phone(t, 1)))
	if err != nil {
		t.Fatal(err)
	}
	other := h.invitations(p)
	other.Subscribers = registry.NewSubscribers(h.log, h.openKeys())
	var group sync.WaitGroup
	var refused, tried atomic.Int64
	for worker := range 20 {
		node := []*registry.Invitations{in, other}[worker%2]
		group.Go(func() {
			for tried.Add(1) <= 10_000 {
				if _, err := node.Confirm(t.Context(), "newborn", id, "2222-2222"); errors.Is(err, registry.ErrCode) {
					refused.Add(1)
				} else {
					t.Errorf("guessing: %v", err)
				}
			}
		})
	}
	group.Wait()
	sub, _, err := h.subs.Get(t.Context(), "newborn", id)
	if err != nil || sub.Invitation.Tries != 5 || refused.Load() != 10_000 {
		t.Errorf("%d tries counted of %d, %v", sub.Invitation.Tries, refused.Load(), err)
	}
	if _, err := in.Confirm(t.Context(), "newborn", id, p.last(t).Code); !errors.Is(err, registry.ErrCode) {
		t.Errorf("the right code after too many tries: %v", err)
	}
	if _, err := in.ConfirmByLink(t.Context(), "newborn", id, "2222-2222"); !errors.Is(err, registry.ErrCode) || h.state(id) != "invited" {
		t.Errorf("the link of an earlier invitation: %v, %s", err, h.state(id))
	}
	if _, err := in.ConfirmByLink(t.Context(), "newborn", id, p.last(t).Code); err != nil || h.state(id) != "active" {
		t.Errorf("the link, which nobody guesses: %v, %s", err, h.state(id))
	}
}

// A courier that fails is asked again, with the same code; and the code may be shown again while it is good.
func TestInvitingIsRepeatable(t *testing.T) {
	h, p := newHouse(t), &post{err: errors.New("no")}
	in, room := h.invitations(p), rooms.RoomConfig{Name: "newborn", Join: rooms.JoinOpen}
	if _, err := in.Ask(t.Context(), room, wish(phone(t, 1))); err == nil {
		t.Error("not brought, and not said")
	}
	p.err = nil
	id, err := in.Ask(t.Context(), room, wish(phone(t, 1)))
	if err != nil {
		t.Fatal(err)
	}
	code := p.last(t).Code
	for range 2 {
		sub, err := in.Confirm(t.Context(), "newborn", id, code)
		if err != nil || sub.State != rooms.SubscriberActive {
			t.Errorf("%v %+v", err, sub)
		}
	}
	_, person, err := h.subs.Get(t.Context(), "newborn", id)
	if err != nil || person.Consent.By != "portal" || person.Consent.At.IsZero() {
		t.Errorf("%+v, %v", person.Consent, err)
	}
}

func TestTextOfInvitation(t *testing.T) {
	o := registry.InvitationOptions{Texts: map[string]string{"de": "Ihr Code für {room}: {code}"}}.WithDefaults()
	i := registry.Invite{Room: rooms.RoomConfig{Name: "newborn", Title: "Mütter"}, Code: "7KQM-3XVB"}
	for language, want := range map[string]string{
		"de": "Ihr Code für Mütter: 7KQM-3XVB", "de-CH": "Ihr Code für Mütter: 7KQM-3XVB",
		"": "Your code for Mütter: 7KQM-3XVB. If you did not ask for it, do nothing. https://x",
	} {
		i.To.Language = language
		if got := o.Text(i, "https://x"); got != want {
			t.Errorf("%q: %s", language, got)
		}
	}
	if faults := (registry.InvitationOptions{Tries: -1, Again: time.Hour, ValidFor: time.Minute, Texts: map[string]string{"d": "no code"}}).Check(); len(faults) != 4 {
		t.Errorf("%v", faults)
	}
}

// Who leaves, or pauses, is known to have done so, here at once and elsewhere soon, and forgotten in time.
func TestDeparturesAreHeardOf(t *testing.T) {
	h := newHouse(t)
	now := time.Now()
	quiet := slog.New(slog.DiscardHandler)
	here := registry.NewDepartures(h.log, func() time.Time { return now }, quiet)
	there := registry.NewDepartures(h.log, func() time.Time { return now }, quiet)
	h.subs.Departures = here
	leaves, _, _ := h.subs.Add(t.Context(), "newborn", phone(t, 1))
	pauses, _, _ := h.subs.Add(t.Context(), "newborn", phone(t, 2))
	stays, _, _ := h.subs.Add(t.Context(), "newborn", phone(t, 3))
	if err := h.subs.Remove(t.Context(), "newborn", leaves.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.subs.Pause(t.Context(), "newborn", pauses.ID, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := there.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, d := range []*registry.Departures{here, there} {
		if !d.Has("newborn", leaves.ID) || !d.Has("newborn", pauses.ID) || d.Has("newborn", stays.ID) || d.Has("taxes", leaves.ID) {
			t.Error("who has left is not known, or too many are")
		}
	}
	now = now.Add(time.Hour)
	if err := there.Load(t.Context()); err != nil || there.Has("newborn", leaves.ID) {
		t.Errorf("not forgotten: %v", err)
	}
}

func TestPauseEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := rooms.Subscriber{State: rooms.SubscriberPaused, Until: time.Now().Add(time.Hour)}
		for _, want := range []bool{false, true} {
			if s.Receives(time.Now()) != want {
				t.Errorf("receives: %t", !want)
			}
			time.Sleep(time.Hour)
		}
		s.Until = time.Time{}
		if s.Receives(time.Now()) {
			t.Error("a pause without end has ended")
		}
	})
}
