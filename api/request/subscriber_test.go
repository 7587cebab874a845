package request

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/rooms"
)

func day() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func TestSubscriberAsRead(t *testing.T) {
	s, err := ParseSubscriber([]byte(`{"email":"a@example.com","phone":"+996555000111","channels":["sms","email"],"name":"A","language":"pt-BR",
		"attributes":{"district":"emme"},"consent":{"purpose":"reminders","source":"form","at":"2026-11-20T09:00:00+06:00"},"confirm":true}`), day())
	c := s.Contact
	if err != nil || c.Channel != rooms.SMS || len(c.Others) != 1 || c.Others[0].Channel != rooms.Email || c.Language != "pt-BR" ||
		c.Values["district"].Reveal() != "emme" || s.Consent.Purpose != "reminders" || s.Consent.At.Hour() != 3 || !s.Confirm {
		t.Errorf("%+v %v", s, err)
	}
	if s, err = ParseSubscriber([]byte(`{"phone":"+996555000111","email":"a@example.com"}`), day()); err != nil || s.Contact.Channel != rooms.Email {
		t.Errorf("without an order: %v", err)
	}
}

// Whoever is reached by a platform is, in the order that he names.
func TestPlatformsOfPeople(t *testing.T) {
	browser := `{"endpoint":"https://push.example.org/x","expirationTime":null,"keys":{"p256dh":"B` + strings.Repeat("A", 86) + `","auth":"` + strings.Repeat("A", 22) + `"}}`
	all := `"whatsapp":"+996555000111","telegram":"4711","matrix":"@ada:matrix.example.org","webpush":` + browser
	s, err := ParseSubscriber([]byte(`{`+all+`}`), day())
	if err != nil || s.Contact.Channel != rooms.WhatsApp || len(s.Contact.Others) != 3 || s.Contact.Others[2].Channel != rooms.WebPush {
		t.Fatalf("%v %v", s.Contact.Endpoints(), err)
	}
	push, ok := s.Contact.Others[2].Address.PushSubscription()
	if !ok || push.Endpoint != "https://push.example.org/x" {
		t.Error("the push subscription is another one")
	}
	m, err := ParseMessage([]byte(`{"transactionId":"1","type":"reminder","content":{"text":"x"},"recipients":[{`+all+`,"channels":["matrix","webpush","telegram","whatsapp"]}]}`), Limits{})
	if err != nil || m.Recipients[0].Channel != rooms.Matrix || len(m.Recipients[0].Others) != 3 {
		t.Errorf("of a recipient: %v", err)
	}
	rows := NewRows(strings.NewReader("telegram,webpush,district\n4711,\""+strings.ReplaceAll(browser, `"`, `""`)+"\",Osh\n"), Form{CSV: true})
	row, err := rows.Next()
	if err != nil || len(row.Faults) > 0 || row.Contact.Channel != rooms.Telegram || len(row.Contact.Others) != 1 || row.Contact.Values["district"].Reveal() != "Osh" {
		t.Errorf("in a table: %+v, %v", row.Faults, err)
	}
	for body, pointer := range map[string]string{
		`{"telegram":4711}`: "/telegram", `{"matrix":"ada"}`: "/matrix", `{"webpush":"canary"}`: "/webpush", `{"webpush":{"endpoint":1}}`: "/webpush",
		`{"sms":"+996555000111"}`: "/sms", `{"whatsapp":"+996555000111","channels":["sms"]}`: "/channels",
	} {
		_, err := ParseSubscriber([]byte(body), day())
		var p *problem.Error
		if !errors.As(err, &p) || p.Faults[0].Pointer != pointer || strings.Contains(p.Faults[0].Detail, "canary") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestSubscriberRefused(t *testing.T) {
	for body, pointer := range map[string]string{
		`{}`:             "",
		`{"name":"A"}`:   "",
		`{"email":"a"}`:  "/email",
		`{"email":1}`:    "/email",
		`{"phone":"12"}`: "/phone",
		`{"email":"a@example.com","channels":["sms"]}`:                                     "/channels",
		`{"email":"a@example.com","channels":[]}`:                                          "/channels",
		`{"email":"a@example.com","channels":["email","email"]}`:                           "/channels/1",
		`{"email":"a@example.com","channels":["webhook"]}`:                                 "/channels/0",
		`{"email":"a@example.com","language":"d"}`:                                         "/language",
		`{"email":"a@example.com","attributes":{"District":"x"}}`:                          "/attributes/District",
		`{"email":"a@example.com","attributes":{"language":"x"}}`:                          "/attributes/language",
		`{"email":"a@example.com","attributes":{"a":"x\ny"}}`:                              "/attributes/a",
		`{"email":"a@example.com","attributes":{"a":1}}`:                                   "/attributes/a",
		`{"email":"a@example.com","consent":{"at":"2027-01-01T00:00:00Z"}}`:                "/consent/at",
		`{"email":"a@example.com","consent":{"by":"me"}}`:                                  "/consent/by",
		`{"email":"a@example.com","state":"active"}`:                                       "/state",
		`{"email":"a@example.com","attributes":{"b":"` + strings.Repeat("x", 1001) + `"}}`: "/attributes/b",
	} {
		_, err := ParseSubscriber([]byte(body), day())
		var p *problem.Error
		if !errors.As(err, &p) || p.Faults[len(p.Faults)-1].Pointer != pointer {
			t.Errorf("%s: %v", body, err)
		}
	}
	for body, ok := range map[string]bool{
		`{"email":"a@example.com"}`: true, `{"phone":"+996555000111","channels":["sms"]}`: true,
		`{"email":"a@example.com","phone":"+996555000111"}`: false, `{"email":"a@example.com","phone":"+996555000111","channels":["email"]}`: false,
	} {
		if _, err := ParseSubscriptionRequest([]byte(body), day()); (err == nil) != ok {
			t.Errorf("asked for with %s: %v", body, err)
		}
	}
	if _, err := ParseSubscriptionRequest([]byte(`{"email":"a@example.com","confirm":true}`), day()); err == nil {
		t.Error("who asks cannot say whether the person is asked")
	}
}

func TestSubscriberChange(t *testing.T) {
	at, _ := rooms.ParseEmail("a@example.com")
	for body, want := range map[string]error{
		`{"language":"de","attributes":{},"phone":"+996555000111"}`: nil,
		`{"email":"A@example.com"}`:                                 nil,
		`{"email":"b@example.com"}`:                                 ErrFirstContact,
		`{"channels":["sms"]}`:                                      ErrChannels,
		`{"phone":"+996555000111","channels":["sms","email"]}`:      ErrChannels,
		`{"channels":["email","sms"]}`:                              ErrChannels,
		`{"channels":["email"]}`:                                    nil,
	} {
		c, err := ParseSubscriberChange([]byte(body), day())
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		p := rooms.Subscription{Contact: rooms.Contact{Channel: rooms.Email, Address: at, Language: "ky"}}
		if err := c.Apply(&p); !errors.Is(err, want) || want == nil && p.Contact.Channel != rooms.Email {
			t.Errorf("%s: %v", body, err)
		}
		if strings.Contains(body, "language") && (p.Contact.Language != "de" || len(p.Contact.Others) != 1) {
			t.Errorf("%s: %+v", body, p.Contact)
		}
	}
}

func TestAudienceAsRead(t *testing.T) {
	limits := Limits{Now: day(), MaxExpiry: time.Hour}
	message := func(audience string) []byte {
		return []byte(`{"transactionId":"x","type":"x","content":{"text":"x"},` + audience + `}`)
	}
	m, err := ParseMessage(message(`"audience":{"language":["de"],"district":["emme","napf"]}`), limits)
	if err != nil || len(m.Audience) != 2 || m.Audience["district"][1] != "napf" {
		t.Errorf("%v %v", m.Audience, err)
	}
	for _, bad := range []string{
		`"audience":{}`, `"audience":{"a":[]}`, `"audience":{"A":["x"]}`, `"audience":{"a":"x"}`, `"audience":{"a":[""]}`, `"audience":[]`,
		`"audience":{"a":["x"]},"recipients":[{"email":"a@example.com"}]`, `"audience":{"a":[` + strings.Repeat(`"x",`, 100) + `"x"]}`,
	} {
		if _, err := ParseMessage(message(bad), limits); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// What is read can be stored and is read back the same.
func FuzzParseSubscriber(f *testing.F) {
	for _, seed := range []string{
		`{"email":"a@example.com","phone":"+996555000111","channels":["sms","email"],"attributes":{"district":"emme"},"language":"zh-Hant","consent":{"purpose":"x"}}`,
		`{"phone":"+996555000111","confirm":true}`, `{}`, `{"channels":["email","sms"]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := ParseSubscriber(body, day())
		if err != nil {
			return
		}
		back, err := rooms.DecodeContact(s.Contact.Encode())
		if err != nil || !back.Has(rooms.Endpoint{Channel: s.Contact.Channel, Address: s.Contact.Address}) || len(back.Others) != len(s.Contact.Others) ||
			len(back.Values) != len(s.Contact.Values) || back.Language != s.Contact.Language {
			t.Errorf("%q is read back as something else: %v", body, err)
		}
		if _, err := ParseSubscriberChange(body, day()); err != nil && !s.Confirm && !s.Again && !strings.Contains(string(body), "confirm") && !strings.Contains(string(body), "again") {
			t.Errorf("%q adds and does not change: %v", body, err)
		}
	})
}
