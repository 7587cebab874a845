package api

import (
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
)

var prices = Prices{SMS: map[string]float64{"+": 0.5, "+996": 0.02, "+99655": 0.03}, Currency: "USD"}

func previewed(t *testing.T, e *engine, o Options, a ask) v1.Preview {
	t.Helper()
	w := a.of(serverOn(e, o, io.Discard))
	var p v1.Preview
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if e.count() > 0 || len(e.recorded) > 0 {
		t.Error("a preview has changed something")
	}
	return p
}

func TestPreviewOfAFile(t *testing.T) {
	const message = `{"transactionId":"t-1","type":"reminder","content":{"subject":"Hi","text":"{{child}}","mustache":true,"languages":{"ky":{"text":"Салам {{child}}"}}}}`
	file := "email,phone,channels,language,child\na@example.com,,,KY,Bek\n,+996555000111,,," + strings.Repeat("x", 161) +
		"\n,+996700000111,,ky,Bek\n,+41791234567,sms,,Bek\nzaphod,,,,Bek\nb@example.com,,,,\n"
	kind, body := formOf("message", "application/json", message, "recipients", "text/csv", file)
	p := previewed(t, newEngine(), Options{Prices: prices}, ask{"POST", "/v1/rooms/newborn/messages/preview", "hosp-7", body, []string{"Content-Type", kind}})
	got, _ := json.Marshal(p, json.Deterministic(true))
	want := `{"room":"newborn","direct":true,"recipients":4,"examined":4,
		"channels":[{"channel":"email","recipients":1},{"channel":"sms","recipients":3}],
		"groups":[{"channel":"email","language":"ky","recipients":1},{"channel":"sms","recipients":2},{"channel":"sms","language":"ky","recipients":1}],
		"incomplete":1,"unreachable":0,"empty":0,"suppressed":0,"sms":{"messages":3,"segments":4,"mostSegments":2,"ucs2":1},
		"cost":{"amount":0.58,"currency":"USD","unpriced":0},"faulty":2,
		"rows":[{"line":6,"errors":[{"pointer":"/email","code":"invalid_address","detail":"not a valid address: an e-mail address reads local@domain"}]},
			{"line":7,"errors":[{"pointer":"/child","code":"missing","detail":"the content asks for this value"}]}],
		"sample":{"channel":"email","language":"KY","content":{"subject":"Hi","text":"Салам Bek"}},"sendAt":"2026-11-22T12:00:00Z"}`
	if !sameJSON(t, got, want) {
		t.Errorf("%s", got)
	}
}

func TestPreviewOfARoom(t *testing.T) {
	e := newEngine()
	for _, row := range []string{
		`{"email":"a@example.com","language":"ky","attributes":{"child":"Bek"}}`, `{"phone":"+996555000111","attributes":{"child":"Bek"}}`,
		`{"phone":"+996555000112"}`, `{"email":"b@example.com","attributes":{"child":" "}}`, `{"phone":"+15550001111","attributes":{"child":"Zaphod"}}`,
	} {
		c, err := request.ParseContact([]byte(row))
		if err != nil {
			t.Fatal(err)
		}
		e.contacts = append(e.contacts, c)
	}
	content := withContent(`{"text":"{{child}}","mustache":true}`)
	a := ask{"POST", "/v1/rooms/newborn/messages/preview", "hosp-8", content, nil}
	p := previewed(t, e, Options{Prices: Prices{SMS: map[string]float64{"+996": 0.1}, Currency: "USD"}}, a)
	if p.Recipients != 5 || p.Examined != 5 || p.Incomplete != 2 || p.SMS.Segments != 2 || p.Cost.Amount != 0.1 || p.Cost.Unpriced != 1 || p.Sample.Channel != "" {
		t.Errorf("%+v", p)
	}
	few := previewed(t, e, Options{PreviewLimit: 2}, a)
	if few.Recipients != 5 || few.Examined != 2 || few.Incomplete != 0 || few.SMS.Segments != 1 || few.Cost.Currency != "" || len(few.Groups) != 2 || few.Channels[1].Recipients != 3 {
		t.Errorf("%+v", few)
	}
	some := previewed(t, e, Options{PreviewLimit: 1}, ask{"POST", "/v1/rooms/newborn/messages/preview", "hosp-8",
		with(`"audience":{"child":["Bek"]},"sendAt":"2026-11-23T00:00:00Z"`), nil})
	if some.Recipients != 2 || some.Examined != 1 || !some.SendAt.Equal(noon().Add(12*time.Hour)) {
		t.Errorf("%+v", some)
	}
	html := previewed(t, e, Options{}, ask{"POST", "/v1/rooms/newborn/messages/preview", "hosp-8", withContent(`{"html":"x"}`), nil})
	if html.Unreachable != 3 || html.SMS.Messages != 0 {
		t.Errorf("%+v", html)
	}
}

// Who gets nothing is counted by the reason, and costs nothing.
func TestPreviewOfWhoGetsNothing(t *testing.T) {
	to := func(lane string) v1.Preview {
		return previewed(t, newEngine(), Options{}, ask{"POST", "/v1/rooms/newborn/messages/preview", "hosp-7",
			`{"transactionId":"t-1","type":"reminder","lane":"` + lane + `","content":{"text":"{{#child}}{{child}}{{/child}} ","mustache":true},"recipients":[` +
				`{"email":"refused@example.com","values":{"child":"Bek"}},{"email":"stopped@example.com","values":{"child":"Bek"}},` +
				`{"email":"b@example.com","values":{"child":"Bek"}},{"phone":"+996555000111"}]}`, nil})
	}
	if p := to("normal"); p.Recipients != 4 || p.Suppressed != 2 || p.Empty != 1 || p.Unreachable != 0 || p.SMS.Messages != 0 {
		t.Errorf("%+v", p)
	}
	if p := to("emergency"); p.Suppressed != 0 || p.Empty != 1 {
		t.Errorf("in an emergency: %+v", p)
	}
}

// A drill is counted and shown with its word, with which it may be another segment, or too long.
func TestPreviewOfADrill(t *testing.T) {
	for length, want := range map[int]v1.Preview{153: {SMS: v1.PreviewSMS{Segments: 1}}, 155: {SMS: v1.PreviewSMS{Segments: 2}}, 1530: {Incomplete: 1}} {
		text := strings.Repeat("a", length)
		p := previewed(t, newEngine(), Options{}, ask{"POST", "/v1/rooms/newborn/messages/preview", "hosp-7",
			`{"transactionId":"t-1","type":"reminder","exercise":true,"content":{"sms":"` + text + `"},"recipients":[{"phone":"+996555000111"}]}`, nil})
		if p.SMS.Segments != want.SMS.Segments || p.Incomplete != want.Incomplete || p.Incomplete == 0 && p.Sample.Content.SMS != "DRILL: "+text {
			t.Errorf("%d: %+v", length, p)
		}
	}
}

// Rooms are counted two at a time; who waits too long is told to come again.
func TestPreviewWaitsItsTurn(t *testing.T) {
	s := newServer(newEngine())
	for range previewsAtOnce {
		s.counting <- struct{}{}
	}
	a := ask{"POST", "/v1/rooms/newborn/messages/preview", "hosp-7", good, nil}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, a.request().WithContext(ctx))
	if p := problemIn(t, w); p.Code != "unavailable" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	<-s.counting
	if w := a.of(s); w.Code != 200 || len(s.counting) != previewsAtOnce-1 {
		t.Errorf("%d %s, %d count", w.Code, w.Body, len(s.counting))
	}
}

func TestPreviewRefusesWhatPublishingWould(t *testing.T) {
	for _, tc := range badBodies() {
		w := ask{"POST", "/v1/rooms/newborn/messages/preview", "hosp-7", tc.body, nil}.of(newServer(newEngine()))
		if p := problemIn(t, w); p.Status != tc.status || p.Code != tc.code {
			t.Errorf("%s: %d %s, want %d %s", tc.name, p.Status, p.Code, tc.status, tc.code)
		}
	}
	if w := (ask{"POST", "/v1/rooms/newborn/messages/preview", "hosp-8", full, nil}).of(newServer(newEngine())); w.Code != 403 {
		t.Errorf("naming recipients without the permission: %d", w.Code)
	}
}

func TestPricesAreChecked(t *testing.T) {
	for name, p := range map[string]Prices{
		"no number": {map[string]float64{"996": 1}, "USD"}, "negative": {map[string]float64{"+996": -1}, "USD"},
		"no currency": {map[string]float64{"+996": 1}, ""}, "bad currency": {map[string]float64{"+996": 1}, "usd"},
	} {
		if len(p.check()) != 1 {
			t.Errorf("%s: %v", name, p.check())
		}
	}
	if faults := prices.check(); len(faults) > 0 {
		t.Errorf("%v", faults)
	}
}
