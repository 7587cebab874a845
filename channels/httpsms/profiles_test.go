package httpsms_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/httpsms"
	"github.com/govcrier/crier/rooms"
)

// recorded are examples of a provider's documentation.
type recorded struct {
	Account, From, Secret, Signing, To, Text string
	Requests                                 []recordedRequest
	Calls                                    []recordedCall
	Tokens                                   []struct {
		Token, Secret string
		Good          bool
	}
}

type recordedRequest struct {
	Name, Source string
	Request      struct {
		Method, Path  string
		Headers, Form map[string]string
		JSON          string
	}
	Status  int
	Body    string
	Outcome struct {
		Result, Reason, ID, Code string
		Receipt                  bool
		After                    time.Duration
	}
}

type recordedCall struct {
	Name, Source, Base, At, Body, Reply string
	Headers                             map[string]string
	Sign                                bool
	Verified                            *bool
	Status                              int
	Receipt                             struct {
		Status, Reason, Code, ID string
		At                       time.Time
	}
	Inbound struct{ ID, From, To, Text string }
}

func readRecorded(t *testing.T, name string) (r recorded) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// profileOptions is all that an operator writes.
func profileOptions(t *testing.T, name string, r recorded) httpsms.Options {
	o := options(t, fmt.Sprintf("profile: %s\naccount: %s\nfrom: %q\nsecretFile: %s", name, r.Account, r.From, file(t, r.Secret)))
	if r.Signing != "" {
		o.SigningFile = file(t, r.Signing)
	}
	return o
}

func recordedAt() time.Time { return time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC) }

func recordedDeps(name string) httpsms.Deps {
	d := deps(newTokens())
	d.Name, d.Now = name, recordedAt
	d.Open = func(token string) (rooms.AttemptID, error) {
		if token != "tok" {
			return rooms.AttemptID{}, errors.New("not good")
		}
		return rooms.AttemptID{DeliveryID: rooms.DeliveryID{UMID: testUMID, N: 3}, Attempt: 1}, nil
	}
	return d
}

// What profiles send is what the documentation of their providers shows, and they know what its answers mean.
func TestProfilesAsk(t *testing.T) {
	for _, name := range httpsms.Profiles() {
		r := readRecorded(t, name)
		for _, one := range r.Requests {
			t.Run(name+"/"+one.Name, func(t *testing.T) {
				var got *http.Request
				var body []byte
				s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					body, _ = io.ReadAll(r.Body)
					got = r
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(one.Status)
					_, _ = io.WriteString(w, one.Body)
				}))
				t.Cleanup(s.Close)
				o := profileOptions(t, name, r)
				at, err := url.Parse(o.WithDefaults().Request.URL)
				if err != nil || at.Scheme != "https" {
					t.Fatal(err, at)
				}
				o.Request.URL = strings.Replace(o.WithDefaults().Request.URL, "https://"+at.Host, s.URL, 1)
				o.Allow, o.Ports = []string{"127.0.0.0/8"}, []int{0}
				p, err := httpsms.New(o, recordedDeps(name))
				if err != nil {
					t.Fatal(err)
				}
				p.Serve("https://crier.example.org")
				d := delivery(t, r.To)
				d.Content.Text, d.Deadline, d.Token = rooms.NewBody(r.Text), recordedAt().Add(2*time.Hour), "tok"
				outcome := p.Send(t.Context(), d)
				w := one.Outcome
				if want := (channels.Outcome{Result: channels.Result(w.Result), Reason: rooms.Reason(w.Reason), ProviderID: w.ID, Code: w.Code, Receipt: w.Receipt, After: w.After}); outcome != want {
					t.Errorf("%s: %+v, want %+v", one.Source, outcome, want)
				}
				if one.Request.Method != "" {
					one.compare(t, got, body)
				}
			})
		}
	}
}

func (one recordedRequest) compare(t *testing.T, got *http.Request, body []byte) {
	t.Helper()
	want := one.Request
	if got.Method != want.Method || got.URL.String() != want.Path {
		t.Errorf("%s %s, want %s %s", got.Method, got.URL, want.Method, want.Path)
	}
	for header, value := range want.Headers {
		if got.Header.Get(header) != value {
			t.Errorf("%s: %q, want %q", header, got.Header.Get(header), value)
		}
	}
	if want.JSON != "" {
		var said, wanted any
		if err := errors.Join(json.Unmarshal(body, &said), json.Unmarshal([]byte(want.JSON), &wanted)); err != nil || !reflect.DeepEqual(said, wanted) {
			t.Errorf("%s, want %s", body, want.JSON)
		}
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || !slices.Equal(slices.Sorted(maps.Keys(form)), slices.Sorted(maps.Keys(want.Form))) {
		t.Errorf("%s, want %v", body, want.Form)
	}
	for field, value := range want.Form {
		if form.Get(field) != value || len(form[field]) != 1 {
			t.Errorf("%s: %q, want %q", field, form[field], value)
		}
	}
}

// sign signs as the provider does.
func (c recordedCall) sign(name string, r recorded) string {
	switch name {
	case "twilio":
		form, _ := url.ParseQuery(c.Body)
		over := "https://crier.example.org" + c.At
		for _, field := range slices.Sorted(maps.Keys(form)) {
			over += field + form.Get(field)
		}
		h := hmac.New(sha1.New, []byte(r.Secret))
		h.Write([]byte(over))
		return base64.StdEncoding.EncodeToString(h.Sum(nil))
	case "vonage":
		claims := fmt.Sprintf(`{"iat":%d,"jti":"c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5","iss":"Vonage","payload_hash":"%x","api_key":"a1b2c3d"}`,
			recordedAt().Unix(), sha256.Sum256([]byte(c.Body)))
		return "Bearer " + token(r.Signing, `{"alg":"HS256","typ":"JWT"}`, claims)
	}
	return ""
}

// Profiles hear what the documentation of their providers shows, if it is signed as it says.
func TestProfilesHear(t *testing.T) {
	for _, name := range httpsms.Profiles() {
		r := readRecorded(t, name)
		for _, c := range r.Calls {
			t.Run(name+"/"+c.Name, func(t *testing.T) {
				p, err := httpsms.New(profileOptions(t, name, r), recordedDeps(name))
				if err != nil {
					t.Fatal(err)
				}
				base := "https://crier.example.org"
				if c.Base != "" {
					base = c.Base
				}
				p.Serve(base)
				h := listen(t, p)
				header := http.Header{}
				for field, value := range c.Headers {
					header.Set(field, value)
				}
				if c.Sign {
					header.Set(map[string]string{"twilio": "X-Twilio-Signature", "vonage": "Authorization"}[name], c.sign(name, r))
				}
				if c.Verified != nil {
					if got := httpsms.Verified(p, c.At, c.Body, header); got != *c.Verified {
						t.Errorf("%s: verified %t", c.Source, got)
					}
					return
				}
				w := front(p, "POST", c.At, c.Body, header)
				if w.Code != c.Status || w.Body.String() != c.Reply {
					t.Errorf("%s: %d %s, want %d", c.Source, w.Code, w.Body, c.Status)
				}
				c.compare(t, h)
			})
		}
		for _, one := range r.Tokens {
			if httpsms.OpenJWT(one.Token, one.Secret) != one.Good {
				t.Errorf("%s: a token that should be good: %t", name, one.Good)
			}
		}
	}
}

func (c recordedCall) compare(t *testing.T, h *heard) {
	t.Helper()
	want := c.Receipt
	if (want.Status != "") != (len(h.receipts) == 1) || (c.Inbound.ID != "") != (len(h.texts) == 1) {
		t.Fatalf("%d receipts, %d texts", len(h.receipts), len(h.texts))
	}
	for _, got := range h.receipts {
		if string(got.Status) != want.Status || string(got.Reason) != want.Reason || got.Code != want.Code || got.ProviderID != want.ID ||
			!want.At.IsZero() && !got.At.Equal(want.At) || strings.Contains(c.At, "token") != (got.ID.UMID == testUMID && got.Room == "newborn") {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	for _, got := range h.texts {
		if in := c.Inbound; got.ID != in.ID || got.From.Reveal() != in.From || got.To.Reveal() != in.To || got.Text.Reveal() != in.Text {
			t.Errorf("%s %s %s %s, want %+v", got.ID, got.From.Reveal(), got.To.Reveal(), got.Text.Reveal(), in)
		}
	}
}
