package request

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/mailkeys/mailkeystest"
)

func object(t *testing.T, members ...string) string {
	t.Helper()
	m := map[string]string{}
	for i := 0; i < len(members); i += 2 {
		m[members[i]] = members[i+1]
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Keys of people are checked where they come in, kept with the contact, replaced and taken away.
func TestKeysOfPeople(t *testing.T) {
	certificate := mailkeystest.NewSMIME(t, "a@example.com").Certificate
	another := mailkeystest.NewSMIME(t, "a@example.com").Certificate
	public := mailkeystest.NewOpenPGP(t, "a@example.com", "future-default").Public
	now := time.Now() // a key made a second later would not be valid yet

	s, err := ParseSubscriber([]byte(object(t, "email", "a@example.com", "openpgpKey", public, "smimeCertificate", certificate)), now)
	if err != nil || len(s.Contact.Keys) != 2 || s.Contact.Keys[0].Kind != rooms.SMIME || s.Contact.Key(rooms.SMIME).Reveal() != certificate ||
		!strings.Contains(s.Contact.Key(rooms.OpenPGP).Reveal(), "PGP PUBLIC KEY") {
		t.Fatalf("%d keys, %v", len(s.Contact.Keys), err)
	}
	change := func(members ...string) {
		t.Helper()
		c, err := ParseSubscriberChange([]byte(object(t, members...)), now)
		if err == nil {
			err = c.Apply(&s.Subscription)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	change("name", "B")
	if len(s.Contact.Keys) != 2 {
		t.Error("a change of the name took keys away")
	}
	change("smimeCertificate", another, "openpgpKey", "")
	if len(s.Contact.Keys) != 1 || s.Contact.Key(rooms.SMIME).Reveal() != another {
		t.Errorf("%d keys after one was replaced and one taken away", len(s.Contact.Keys))
	}
	m, err := ParseMessage([]byte(`{"transactionId":"1","type":"reminder","content":{"text":"x"},"recipients":[`+
		object(t, "email", "a@example.com", "openpgpKey", public)+`]}`), Limits{})
	if err != nil || len(m.Recipients) != 1 || m.Recipients[0].Key(rooms.OpenPGP).IsZero() {
		t.Errorf("of a recipient: %v", err)
	}
}

func TestKeysOfPeopleRefused(t *testing.T) {
	now := time.Now()
	certificate := mailkeystest.NewSMIME(t, "a@example.com").Certificate
	admin := func(b string) error { _, err := ParseSubscriber([]byte(b), now); return err }
	change := func(b string) error { _, err := ParseSubscriberChange([]byte(b), now); return err }
	person := func(b string) error { _, err := ParseSubscriptionRequest([]byte(b), now); return err }
	search := func(b string) error { _, err := ParseContact([]byte(b)); return err }
	message := func(b string) error {
		_, err := ParseMessage([]byte(`{"transactionId":"1","type":"reminder","content":{"text":"x"},"recipients":[`+b+`]}`), Limits{})
		return err
	}
	for name, tc := range map[string]struct {
		parse   func(string) error
		body    string
		pointer string
		code    string
	}{
		"not a key":                {admin, object(t, "email", "a@example.com", "openpgpKey", "canary"), "/openpgpKey", "invalid_key"},
		"of the other kind":        {admin, object(t, "email", "a@example.com", "openpgpKey", certificate), "/openpgpKey", "invalid_key"},
		"empty":                    {admin, object(t, "email", "a@example.com", "smimeCertificate", ""), "/smimeCertificate", "invalid_key"},
		"expired":                  {func(b string) error { _, err := ParseSubscriber([]byte(b), now.Add(2*time.Hour)); return err }, object(t, "email", "a@example.com", "smimeCertificate", certificate), "/smimeCertificate", "invalid_key"},
		"too long":                 {change, object(t, "smimeCertificate", strings.Repeat("canary", 3000)), "/smimeCertificate", "invalid_key"},
		"without mail":             {admin, object(t, "phone", "+996555000111", "smimeCertificate", certificate), "/smimeCertificate", "invalid_key"},
		"recipient without mail":   {message, object(t, "phone", "+996555000111", "smimeCertificate", certificate), "/recipients/0/smimeCertificate", "invalid_key"},
		"recipient's not a key":    {message, object(t, "email", "a@example.com", "smimeCertificate", "canary"), "/recipients/0/smimeCertificate", "invalid_key"},
		"of who has not proved it": {person, object(t, "email", "a@example.com", "smimeCertificate", certificate), "/smimeCertificate", "unknown_member"},
		"of who is searched":       {search, object(t, "email", "a@example.com", "smimeCertificate", certificate), "/smimeCertificate", "unknown_member"},
	} {
		var p *problem.Error
		if err := tc.parse(tc.body); !errors.As(err, &p) || len(p.Faults) != 1 || p.Faults[0].Pointer != tc.pointer || p.Faults[0].Code != tc.code ||
			strings.Contains(p.Faults[0].Detail, "canary") {
			t.Errorf("%s: %v, %+v; want %s at %s", name, err, p, tc.code, tc.pointer)
		}
	}
}
