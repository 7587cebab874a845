package api

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api/cap"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish"
)

const alerts = "/v1/rooms/newborn/alerts"

func asCAP() []string { return []string{"Content-Type", "application/cap+xml"} }

// published is what an alert came to.
func published(t *testing.T, e *engine, token, raw string) publish.Request {
	t.Helper()
	before := e.count()
	w := ask{"POST", alerts, token, raw, asCAP()}.of(newServer(e))
	if w.Code != 202 || e.count() != before+1 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return e.published[before]
}

func TestAlertBecomesAMessage(t *testing.T) {
	e := newEngine()
	room := e.rooms["newborn"]
	room.Alerts.Areas = []rooms.AreaRule{{Geocode: "EX-DISTRICT", Attribute: "district"}}
	e.rooms["newborn"] = room
	raw := "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n" + alert()
	m := published(t, e, "hosp-8", raw)
	if m.Type != rooms.CAP || m.Lane != rooms.Emergency || m.Client != "hosp-8" || m.Room != "newborn" || m.Direct || m.Exercise || m.Alert != rooms.AlertNone {
		t.Errorf("%+v", m)
	}
	if !bytes.Equal(m.Raw, []byte(raw)) || !m.ExpiresAt.Equal(time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC)) || fmt.Sprint(m.Audience) != "map[district:[emme]]" {
		t.Errorf("expires %v, for %v", m.ExpiresAt, m.Audience)
	}
	if original, ok := cap.Original(m.Content); !ok || string(original) != raw {
		t.Errorf("kept as %q", original)
	}
	c, err := rooms.DecodeContent(m.Content)
	if err != nil || c.Subject.Reveal() != "A storm comes" || c.SMS.Reveal() != "A storm comes" || c.Text.Reveal() != "A storm comes\n\nEmme valley" {
		t.Errorf("%v: %q, %q, %q", err, c.Subject.Reveal(), c.SMS.Reveal(), c.Text.Reveal())
	}
	w := ask{"POST", alerts, "hosp-8", raw, []string{"Content-Type", "text/xml; charset=utf-8"}}.of(newServer(e))
	var r v1.AlertReceipt
	if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil || r.UMID != umid || r.Lane != "emergency" || fmt.Sprint(r.Audience) != "map[district:[emme]]" {
		t.Errorf("%v: %s", err, w.Body)
	}
}

func TestStatusAndTimesOfAlerts(t *testing.T) {
	at := func(clock string) time.Time {
		when, err := time.Parse(time.RFC3339, "2026-11-"+clock+"Z")
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	effective := func(clock string) []string {
		return []string{"<expires>", "<effective>2026-11-" + clock + "+00:00</effective><expires>"}
	}
	until := func(clock string) []string { return []string{"2026-11-22T18:00:00+02:00", "2026-" + clock + "+00:00"} }
	for _, tc := range []struct {
		name            string
		change          []string
		exercise        bool
		sendAt, expires time.Time
	}{
		{"actual", nil, false, time.Time{}, at("22T16:00:00")},
		{"a drill", []string{"Actual", "Exercise"}, true, time.Time{}, at("22T16:00:00")},
		{"later in effect", effective("22T14:00:00"), false, at("22T14:00:00"), at("22T16:00:00")},
		{"of long ago", effective("21T14:00:00"), false, at("21T14:00:00"), at("22T16:00:00")},
		{"the onset is ahead", []string{"<expires>", "<onset>2026-11-22T15:00:00+00:00</onset><expires>"}, false, time.Time{}, at("22T16:00:00")},
		{"for a month", until("12-22T00:00:00"), false, time.Time{}, at("29T12:00:00")},
		{"for ever", []string{"<expires>2026-11-22T18:00:00+02:00</expires>", ""}, false, time.Time{}, time.Time{}},
	} {
		m := published(t, newEngine(), "hosp-7", alert(tc.change...))
		if m.Exercise != tc.exercise || !m.SendAt.Equal(tc.sendAt) || !m.ExpiresAt.Equal(tc.expires) {
			t.Errorf("%s: drill %t, at %v, expires %v", tc.name, m.Exercise, m.SendAt, m.ExpiresAt)
		}
	}
}

const refers = "<references>met.example,met-1,2026-11-22T11:00:00-00:00</references><info>"

// following is an alert that speaks of the first.
func following(kind string, change ...string) string {
	return strings.NewReplacer(change...).Replace(alert(">Alert<", ">"+kind+"<", ">met-1<", ">met-2<", "<info>", refers))
}

func bare(raw string) string {
	return raw[:strings.Index(raw, "<info>")] + "</alert>"
}

func TestUpdateAndCancelTakeThePlaceOfTheEarlier(t *testing.T) {
	e := newEngine()
	room := e.rooms["newborn"]
	room.Alerts.Areas = []rooms.AreaRule{{Geocode: "EX-DISTRICT", Attribute: "district"}}
	e.rooms["newborn"] = room
	e.shown(alertID, "hosp-7", alert())
	m := published(t, e, "hosp-7", following("Update", ">Severe<", ">Minor<"))
	if m.Alert != rooms.AlertUpdate || m.References != alertID || m.Lane != rooms.Normal {
		t.Errorf("update: %s of %s in %s", m.Alert, m.References, m.Lane)
	}
	m = published(t, e, "boss", bare(following("Cancel")))
	if m.Alert != rooms.AlertCancel || m.References != alertID || m.Lane != rooms.Emergency || fmt.Sprint(m.Audience) != "map[district:[emme]]" {
		t.Errorf("cancel: %s of %s in %s for %v", m.Alert, m.References, m.Lane, m.Audience)
	}
	if err := m.Earlier(t.Context()); err != nil {
		t.Error(err)
	}
	for _, tc := range []struct {
		name, token, raw string
		status           int
		code             v1.ProblemCode
	}{
		{"another publisher", "hosp-8", following("Update"), 404, v1.ProblemCodeUnknownReference},
		{"another alert", "hosp-7", following("Update", "met-1,2026", "met-7,2026"), 404, v1.ProblemCodeUnknownReference},
		{"another time", "hosp-7", following("Update", "11:00:00-00:00", "11:00:01-00:00"), 404, v1.ProblemCodeUnknownReference},
		{"nothing to say", "hosp-7", bare(following("Update")), 422, v1.ProblemCodeAlertRefused},
	} {
		w := ask{"POST", alerts, tc.token, tc.raw, asCAP()}.of(newServer(e))
		if p := problemIn(t, w); w.Code != tc.status || p.Code != tc.code {
			t.Errorf("%s: %d %s", tc.name, w.Code, p.Code)
		}
	}
}

func TestOneOfSeveralReferencesStands(t *testing.T) {
	e := newEngine()
	e.shown(alertID, "hosp-7", alert())
	const second = "01KAMVJVG0ZJ2C5YD3GZ7A8Q5B"
	e.shown(second, "hosp-7", alert("met-1", "met-0"))
	both := following("Cancel", "<references>", "<references>met.example,met-0,2026-11-22T11:00:00-00:00 ")
	w := ask{"POST", alerts, "hosp-7", both, asCAP()}.of(newServer(e))
	if p := problemIn(t, w); p.Code != v1.ProblemCodeAlertRefused || p.Errors[0].Pointer != "/alert/references" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	m := e.messages[second]
	m.Control.State = rooms.ControlCancelled
	e.messages[second] = m
	if m := published(t, e, "hosp-7", both); m.References != alertID {
		t.Errorf("refers to %s, not to the one that stands", m.References)
	}
}

func TestDrillsSpeakOfDrills(t *testing.T) {
	e := newEngine()
	e.shown(alertID, "hosp-7", alert())
	m := published(t, e, "hosp-7", following("Cancel", "Actual", "Exercise"))
	p := translate(m.Earlier(t.Context()))
	if p.Code != v1.ProblemCodeAlertRefused || p.Faults[0].Pointer != "/alert/status" {
		t.Errorf("%+v", p)
	}
}

func TestTheSameAlertIsNotReadAgain(t *testing.T) {
	e := newEngine()
	raw := following("Update") // of what is no longer known
	e.shown(alertID, "hosp-7", raw)
	e.receipt.Duplicate = true
	w := ask{"POST", alerts, "hosp-7", raw, asCAP()}.of(newServer(e))
	if m := e.published[0]; w.Code != 200 || string(m.Raw) != raw || m.TransactionID != e.messages[alertID].TxID || strings.Contains(w.Body.String(), "lane") {
		t.Errorf("%d %s %+v", w.Code, w.Body, m)
	}
}

// An alert that is refused by now is asked for as one that was taken before, and refused should that be forgotten.
func TestAnAlertThatIsForgottenIsRefused(t *testing.T) {
	e := newEngine()
	raw := alert("T18:00:00+02:00", "T13:30:00+02:00") // expired
	e.shown(alertID, "hosp-7", raw)
	(ask{"POST", alerts, "hosp-7", raw, asCAP()}).of(newServer(e))
	if len(e.published) != 1 || e.published[0].Earlier == nil {
		t.Fatalf("%+v", e.published)
	}
	if p := translate(e.published[0].Earlier(t.Context())); p.Code != v1.ProblemCodeAlertRefused {
		t.Errorf("%+v", p)
	}
}

// blind finds nothing, as where the index is behind.
type blind struct{ Transactions }

func (blind) Find(context.Context, string, ...rooms.Client) (publish.Known, bool, error) {
	return publish.Known{}, false, publish.ErrUnavailable
}

func TestAlertsDoNotWaitForTheIndex(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	s.deps.Transactions = blind{s.deps.Transactions}
	if w := (ask{"POST", alerts, "hosp-7", alert(), asCAP()}).of(s); w.Code != 202 || e.count() != 1 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestSendersOfAlerts(t *testing.T) {
	e := newEngine()
	if m := published(t, e, "hosp-7", alert(">met.example<", ">noreply@health.example<")); m.From.Email.Reveal() != "noreply@health.example" {
		t.Errorf("from %+v", m.From)
	}
	if m := published(t, e, "hosp-8", alert(">met.example<", ">anybody@met.example<")); m.From.Form() != nil {
		t.Errorf("a client that is not registered: %+v", m.From)
	}
	w := ask{"POST", alerts, "hosp-7", alert(">met.example<", ">noreply@tax.example<"), asCAP()}.of(newServer(e))
	if p := problemIn(t, w); p.Code != v1.ProblemCodeSenderForbidden {
		t.Errorf("another organisation's: %d %s", w.Code, p.Code)
	}
}

func TestAlertsThatAreRefused(t *testing.T) {
	s := serverOn(newEngine(), Options{}, new(bytes.Buffer))
	s.alerts.MaxBytes = 4000
	for _, tc := range []struct {
		name, raw string
		header    []string
		status    int
		code      v1.ProblemCode
		fault     string
	}{
		{"JSON", good, nil, 415, v1.ProblemCodeUnsupportedMediaType, ""},
		{"JSON as CAP", good, asCAP(), 400, v1.ProblemCodeInvalidAlert, " trailing_data"},
		{"another charset", alert(), []string{"Content-Type", "text/xml; charset=iso-8859-1"}, 415, v1.ProblemCodeUnsupportedMediaType, ""},
		{"compressed", alert(), append(asCAP(), "Content-Encoding", "gzip"), 415, v1.ProblemCodeUnsupportedMediaType, ""},
		{"large", alert("A storm", strings.Repeat("A storm", 600)), asCAP(), 413, v1.ProblemCodeBodyTooLarge, ""},
		{"a bad value", alert("Severe", "Bad"), asCAP(), 400, v1.ProblemCodeInvalidAlert, "/alert/info/0/severity invalid_value"},
		{"an entity", alert("A storm", "&storm;"), asCAP(), 400, v1.ProblemCodeInvalidAlert, " syntax"},
		{"a test", alert("Actual", "Test"), asCAP(), 422, v1.ProblemCodeAlertRefused, "/alert/status not_supported"},
		{"expired", alert("T18:00:00+02:00", "T13:30:00+02:00"), asCAP(), 422, v1.ProblemCodeAlertRefused, "/alert/info/0/expires invalid_time"},
		{"in two years", alert("<expires>", "<effective>2028-11-22T13:30:00+02:00</effective><expires>", "2026-11-22T18", "2028-11-22T18"), asCAP(), 422, v1.ProblemCodeAlertRefused, "/alert/info/0/effective invalid_time"},
	} {
		w := ask{"POST", alerts, "hosp-7", tc.raw, tc.header}.of(s)
		p, fault := problemIn(t, w), ""
		if len(p.Errors) > 0 {
			fault = p.Errors[0].Pointer + " " + string(p.Errors[0].Code)
		}
		if w.Code != tc.status || p.Code != tc.code || fault != tc.fault {
			t.Errorf("%s: %d %s %q", tc.name, w.Code, p.Code, fault)
		}
	}
}
