package registry_test

import (
	"testing"

	"github.com/govcrier/crier/rooms"
)

// Who has not confirmed is in with what was asked last, on the contact that he confirms; what an admin said of other
// contacts stays. Once confirmed, asking changes nothing.
func TestWhatIsAskedLastCounts(t *testing.T) {
	for _, join := range []rooms.Join{rooms.JoinOpen, rooms.JoinApproval} {
		h, p := newHouse(t), &post{}
		in, ctx, room := h.invitations(p), t.Context(), rooms.RoomConfig{Name: "newborn", Join: join}
		ask := func(language, purpose string) rooms.SubscriberID {
			t.Helper()
			c := email(t, "a@example.com")
			c.Language, c.Others = language, []rooms.Endpoint{{Channel: rooms.SMS, Address: phone(t, 1).Address}}
			id, err := in.Ask(ctx, room, rooms.Subscription{Contact: c, Consent: rooms.Consent{By: "portal", Purpose: purpose}})
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		is := func(id rooms.SubscriberID, language, purpose string, others int) {
			t.Helper()
			_, now, err := h.subs.Get(ctx, "newborn", id)
			if err != nil || now.Contact.Language != language || now.Consent.Purpose != purpose || len(now.Contact.Others) != others {
				t.Errorf("%s: %q, %+v, %d others, %v", join, now.Contact.Language, now.Consent, len(now.Contact.Others), err)
			}
		}
		id := ask("de", "another's")
		is(id, "de", "another's", 0)
		is(ask("ky", "his own"), "ky", "his own", 0)
		full := email(t, "a@example.com")
		full.Others = []rooms.Endpoint{{Channel: rooms.SMS, Address: phone(t, 1).Address}}
		if sub, err := in.Invite(ctx, room, wish(full)); err != nil || sub.State != rooms.SubscriberInvited {
			t.Fatalf("%s: %+v, %v", join, sub, err)
		}
		is(id, "", "reminders", 1)
		is(ask("ky", "his own"), "ky", "his own", 1)
		if p.count() != 1 {
			t.Errorf("%s: %d codes", join, p.count())
		}
		if _, err := in.Confirm(ctx, "newborn", id, p.last(t).Code); err != nil {
			t.Fatal(err)
		}
		is(ask("de", "another's"), "ky", "his own", 1)
	}
}
