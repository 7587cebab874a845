package rooms_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms"
)

func TestCopiesRoundTrip(t *testing.T) {
	at := func(s string) rooms.Address { a, _ := rooms.ParseEmail(s); return a }
	c := rooms.Contact{Channel: rooms.Email, Address: at("a@example.com"), Copies: []rooms.Copy{{Address: at("b@example.com")}, {Address: at("c@example.com"), Blind: true}}}
	form := `{"c":"email","a":"a@example.com","x":[{"a":"b@example.com"},{"a":"c@example.com","b":true}]}`
	if got := string(c.Encode()); got != form {
		t.Errorf("written as %s", got)
	}
	back, err := rooms.DecodeContact([]byte(form))
	if err != nil || len(back.Copies) != 2 || back.Copies[0].Blind || !back.Copies[1].Blind || back.Copies[1].Address.Reveal() != "c@example.com" {
		t.Errorf("%d copies, %v", len(back.Copies), err)
	}
	many := strings.Repeat(`{"a":"b@example.com"},`, rooms.MaxCopies)
	for name, form := range map[string]string{
		"of an SMS":         `{"c":"sms","a":"+996555000111","x":[{"a":"b@example.com"}]}`,
		"to no address":     `{"c":"email","a":"a@example.com","x":[{"a":"b@example.com\r\nBcc: x@example.com"}]}`,
		"to more than most": `{"c":"email","a":"a@example.com","x":[` + many + `{"a":"b@example.com"}]}`,
	} {
		if _, err := rooms.DecodeContact([]byte(form)); !errors.Is(err, rooms.ErrAddress) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who writes, and where answers go, is sealed with the sender; answers go into the organisation's own domains.
func TestSenderNameAndReplyTo(t *testing.T) {
	at := func(s string) rooms.Address { a, _ := rooms.ParseEmail(s); return a }
	r := rooms.Registration{Client: "hosp-7", Organisation: "Ministry of Health", Email: []string{"noreply@health.example", "*@clinic.example"}}
	for replyTo, good := range map[string]bool{"": true, "desk@health.example": true, "DESK@Clinic.example": true,
		"desk@evil.example": false, "desk@xhealth.example": false, "desk@sub.clinic.example": false} {
		s, err := r.Sender(rooms.Sender{Name: rooms.NewBody("Dr. A"), ReplyTo: at(replyTo)})
		if good != (err == nil) || err != nil && !errors.Is(err, rooms.ErrSender) {
			t.Errorf("%q: %v", replyTo, err)
			continue
		}
		back, err := s.Form().Sender()
		if good && (err != nil || back.Name.Reveal() != "Dr. A" || back.ReplyTo.Reveal() != replyTo || back.Organisation != "Ministry of Health") {
			t.Errorf("%q: read back as %+v, %v", replyTo, back.Form(), err)
		}
	}
	for _, f := range []rooms.SenderForm{{Name: "A\nB"}, {ReplyTo: "x"}} {
		if _, err := f.Sender(); err == nil {
			t.Errorf("%+v was read", f)
		}
	}
}

func TestEmailRoom(t *testing.T) {
	seen := map[rooms.Room]rooms.Client{}
	for _, c := range []rooms.Client{"hosp-7", "HOSP-7", "https://idp.example/clients/7", "x-1", rooms.Client(strings.Repeat("a", 60)), rooms.Client(strings.Repeat("a", 61))} {
		r := rooms.EmailRoom(c)
		if _, err := rooms.ParseRoom(string(r)); err != nil || seen[r] != "" {
			t.Errorf("%s: %s, %v, also of %s", c, r, err, seen[r])
		}
		seen[r] = c
	}
	if r := rooms.EmailRoom("hosp-7"); r != "email-hosp-7" {
		t.Error(r)
	}
}

func TestParseAPIKey(t *testing.T) {
	id, key := rooms.NewAPIKey()
	if _, err := rooms.ParseAPIKeyID(id); err != nil {
		t.Error(err)
	}
	if _, err := rooms.ParseAPIKey(key.Reveal()); err != nil || len(key.Reveal()) < 40 || fmt.Sprint(key) != "[redacted]" {
		t.Errorf("%d characters, %v", len(key.Reveal()), err)
	}
	for _, s := range []string{"", "a b", "a\r\n", "ключ", strings.Repeat("a", 201)} {
		if _, err := rooms.ParseAPIKey(s); err == nil {
			t.Errorf("%q is taken", s)
		}
	}
}
