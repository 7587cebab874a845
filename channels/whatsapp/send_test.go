package whatsapp_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/channelstest/stub"
	"github.com/govcrier/crier/channels/whatsapp"
	"github.com/govcrier/crier/channels/whatsapp/whatsapptest"
	"github.com/govcrier/crier/rooms"
)

func delivery(t testing.TB, to, subject, text string) rooms.Delivery {
	return rooms.Delivery{
		ID: rooms.DeliveryID{UMID: "01KAMVJVG0ZJ2C5YD3GZ7A8Q4M", N: 3}, Attempt: 1, Room: "newborn", Type: "reminder",
		To:      rooms.Contact{Channel: rooms.WhatsApp, Address: phone(t, to)},
		Content: rooms.Content{Subject: rooms.NewBody(subject), Text: rooms.NewBody(text)}, Deadline: time.Now().Add(time.Hour), Token: "tok",
	}
}

// brief is an outcome in a line.
func brief(o channels.Outcome) string {
	return strings.TrimSpace(fmt.Sprint(o.Result, " ", o.Reason, " ", o.Code, " ", o.After))
}

// What each answer means, of those that Meta's documentation has.
func TestAnswers(t *testing.T) {
	var cases []struct {
		Name, Body, Outcome string
		Status, Code        int
	}
	raw, err := os.ReadFile("testdata/answers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	for _, tc := range cases {
		t.Run(tc.Name, func(t *testing.T) {
			s := stub.Start(func(w http.ResponseWriter, _ *http.Request, _ []byte) {
				w.WriteHeader(tc.Status)
				if tc.Body == "" {
					tc.Body = fmt.Sprintf(`{"error":{"message":"(#%d) of %s","type":"OAuthException","code":%d,"error_data":{"messaging_product":"whatsapp","details":"of %s"},"fbtrace_id":"x"}}`, tc.Code, aida, tc.Code, aida)
				}
				_, _ = w.Write([]byte(tc.Body))
			})
			t.Cleanup(s.Stop)
			c, err := whatsapp.New(options(t, &whatsapptest.Server{Server: s}), newDesk().deps())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			o := c.Send(t.Context(), delivery(t, aida, "", "Come."))
			if brief(o) != tc.Outcome {
				t.Errorf("%s, want %s", brief(o), tc.Outcome)
			}
			if o.Result == channels.Sent && (len(o.ProviderID) != 32 || !o.Receipt) {
				t.Errorf("%+v", o)
			}
		})
	}
}

func TestNoAnswer(t *testing.T) {
	s := whatsapptest.New(t)
	c, _ := cloud(t, options(t, s), newDesk(), s)
	for to, want := range map[string]string{
		"+996555000106": "deferred unknown connection 0s", "+996555000107": "deferred unknown HTTP 200 0s",
	} {
		if got := brief(c.Send(t.Context(), delivery(t, to, "", "Come."))); got != want {
			t.Errorf("%s: %s, want %s", to, got, want)
		}
	}
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if o := c.Send(short, delivery(t, "+996555000105", "", "Come.")); o.Reason != rooms.Unknown {
		t.Errorf("silence: %s", brief(o))
	}
	s.Revoke(true)
	if got := brief(c.Send(t.Context(), delivery(t, aida, "", "Come."))); got != "deferred unreachable 190 token 0s" {
		t.Error(got)
	}
	s.Close()
	c, _ = cloud(t, options(t, s), newDesk(), s) // without a connection that is open
	if o := c.Send(t.Context(), delivery(t, aida, "", "Come.")); o.Reason != rooms.Unreachable {
		t.Errorf("nobody: %s", brief(o))
	}
}

// The first template that fits is filled in, each parameter in one line; where none fits the text goes out.
func TestTemplates(t *testing.T) {
	s := whatsapptest.New(t)
	o := options(t, s)
	o.Templates = []whatsapp.Template{
		{Room: "newborn", Type: "reminder", Language: "ky", Name: "visit", Header: []string{"subject"}, Body: []string{"name", "value.due", "text"}},
		{Room: "newborn", Language: "pt-BR", Name: "visit"},
		{Room: "library", Name: "books", Code: "en", Body: []string{"sms"}},
	}
	c, _ := cloud(t, o, newDesk(), s)
	for name, tc := range map[string]struct {
		room, language, text string
		values               map[string]rooms.Body
		want                 string // template, language and components; or the text; or the outcome
	}{
		"all of it": {"newborn", "ky-KG", "Come\non  \t Tuesday.\u2028Now.", map[string]rooms.Body{"due": rooms.NewBody("9:00")},
			`visit ky [{"type":"header","parameters":[{"type":"text","text":"Visit"}]},{"type":"body","parameters":[{"type":"text","text":"Aida"},{"type":"text","text":"9:00"},{"type":"text","text":"Come on Tuesday. Now."}]}]`},
		"a value that is not known": {"newborn", "ky", "Come.", nil, "rejected rejected parameter-missing 0s"},
		"nothing to fill in":        {"newborn", "pt-br", "Come.", nil, "visit pt_BR "},
		"of the SMS":                {"library", "", "Come.", nil, `books en [{"type":"body","parameters":[{"type":"text","text":"Come."}]}]`},
		"none":                      {"newborn", "de", "Come\non Tuesday.\x07", nil, "Visit\n\nCome\non Tuesday."},
		"too long":                  {"newborn", "de", strings.Repeat("ы", 4090), nil, "rejected rejected too-long 0s"},
		"nothing":                   {"newborn", "ky", " \n ", nil, "rejected no-content  0s"},
	} {
		t.Run(name, func(t *testing.T) {
			d, before := delivery(t, aida, "Visit", tc.text), len(s.Sent())
			d.Room, d.To.Language, d.To.Values, d.To.Name = rooms.Room(tc.room), tc.language, tc.values, rooms.NewBody("Aida")
			got := brief(c.Send(t.Context(), d))
			if all := s.Sent()[before:]; len(all) > 0 {
				m := all[0]
				if got = m.Text.Body; m.Type == "template" {
					got = m.Template.Name + " " + m.Template.Language.Code + " " + string(m.Template.Components)
				}
				if m.To != aida || m.Token != "tok" || m.Product != "whatsapp" || m.Kind != "individual" {
					t.Errorf("%+v", m)
				}
			}
			if got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	s := whatsapptest.New(t)
	open := stub.File(t, "canary")
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	template := func(change func(*whatsapp.Template)) func(*whatsapp.Options) {
		return func(o *whatsapp.Options) {
			one := whatsapp.Template{Name: "visit", Code: "ky"}
			change(&one)
			o.Templates = []whatsapp.Template{one}
		}
	}
	for want, change := range map[string]func(*whatsapp.Options){
		"tokenFile: is missing":           func(o *whatsapp.Options) { o.TokenFile = "" },
		"0644, want 0600":                 func(o *whatsapp.Options) { o.TokenFile = open },
		"phoneNumberId: the digits":       func(o *whatsapp.Options) { o.PhoneNumberID = "../1" },
		"secretFile and verifyFile: both": func(o *whatsapp.Options) { o.VerifyFile = "" },
		"secretFile and verifyFile":       func(o *whatsapp.Options) { o.SecretFile = "" },
		"url: begins with":                func(o *whatsapp.Options) { o.URL = "https://example.org/?a=b" },
		"version: such as":                func(o *whatsapp.Options) { o.Version = "latest" },
		"allow: networks":                 func(o *whatsapp.Options) { o.Allow = []string{"x"} },
		"templates: 1: name":              template(func(t *whatsapp.Template) { t.Name = "Visit!" }),
		"templates: 1: code":              template(func(t *whatsapp.Template) { t.Code = "" }),
		"templates: 1: room":              template(func(t *whatsapp.Template) { t.Room = "New Born" }),
		"templates: 1: type":              template(func(t *whatsapp.Template) { t.Type = "a type" }),
		"templates: 1: language":          template(func(t *whatsapp.Template) { t.Language = "kyrgyz language" }),
		"templates: 1: a parameter":       template(func(t *whatsapp.Template) { t.Body = []string{"{{1}}"} }),
		"templates: 1: header":            template(func(t *whatsapp.Template) { t.Header = []string{"name", "text"} }),
	} {
		o := options(t, s)
		change(&o)
		faults := o.Check()
		if len(faults) != 1 || !strings.Contains(faults[0].Error(), want) {
			t.Errorf("%q, want %s", faults, want)
		}
	}
	if faults := options(t, s).Check(); len(faults) > 0 {
		t.Error(faults)
	}
}
