package api

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/api/oidc"
	"github.com/govcrier/crier/rooms"
)

// feedOf is what a caller reads of the feed: the titles.
type feedOf struct {
	Updated time.Time `xml:"updated"`
	Entries []struct {
		ID    string `xml:"id"`
		Title string `xml:"title"`
		Link  struct {
			Href string `xml:"href,attr"`
		} `xml:"link"`
		Severity string `xml:"urn:oasis:names:tc:emergency:cap:1.2 severity"`
	} `xml:"http://www.w3.org/2005/Atom entry"`
}

func readFeed(t *testing.T, s *Server, token string) (titles string, f feedOf) {
	t.Helper()
	w := ask{"GET", alerts, token, "", nil}.of(s)
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/atom+xml; charset=utf-8" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if err := xml.Unmarshal(w.Body.Bytes(), &f); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	var all []string
	for _, e := range f.Entries {
		all = append(all, e.Title)
	}
	return strings.Join(all, "|"), f
}

func shownToAll(e *engine) *engine {
	room := e.rooms["newborn"]
	room.Alerts.Public = true
	e.rooms["newborn"] = room
	return e
}

const otherAlert = "01KAMVJVG0ZJ2C5YD3GZ7A8Q5C"

func TestFeedHasTheAlertsInForce(t *testing.T) {
	e := newEngine()
	now := noon()
	s := serverOn(e, Options{PublicURL: "https://crier.example/"}, io.Discard)
	s.now = func() time.Time { return now }
	if titles, f := readFeed(t, s, "clinic-4"); titles != "" || !f.Updated.Equal(noon()) {
		t.Errorf("an empty room: %q of %v", titles, f.Updated)
	}
	e.shown(alertID, "hosp-7", alert())
	e.log.append(`{"text":"no alert"}`)
	e.shown(otherAlert, "hosp-7", alert("Actual", "Exercise", "A storm", "A &amp; B &lt;storm&gt;", "T18:00", "T15:00", "met-1", "met-2"))
	titles, f := readFeed(t, s, "clinic-4")
	if titles != "DRILL: A & B <storm> comes|A storm comes" {
		t.Errorf("%q", titles)
	}
	last := f.Entries[1]
	if last.ID != "urn:crier:alert:"+alertID || last.Link.Href != "https://crier.example/v1/rooms/newborn/alerts/"+alertID || last.Severity != "Severe" {
		t.Errorf("%+v", last)
	}
	now = noon().Add(time.Hour)
	if titles, f := readFeed(t, s, "clinic-4"); titles != "A storm comes" || !f.Updated.Equal(noon().Add(time.Hour)) {
		t.Errorf("after one has expired: %q of %v", titles, f.Updated)
	}
	m := e.messages[alertID]
	m.Control = rooms.Control{UMID: alertID, State: rooms.ControlCancelled, Reason: rooms.Superseded, At: now.Add(time.Minute), Entry: 1}
	e.messages[alertID] = m
	if titles, f := readFeed(t, s, "clinic-4"); titles != "" || !f.Updated.Equal(now.Add(time.Minute)) {
		t.Errorf("after the other was taken back: %q of %v", titles, f.Updated)
	}
}

func TestFeedIsBounded(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	for n := range 250 {
		umid := rooms.UMID("01KAMVJVG0ZJ2C5YD3GZ7A" + strings.ToUpper(string([]byte{'0' + byte(n/100), '0' + byte(n/10%10), '0' + byte(n%10), '0'})))
		e.shown(umid, "hosp-7", alert("met-1", "met-"+string(umid)))
	}
	if _, f := readFeed(t, s, "clinic-4"); len(f.Entries) != 100 || !strings.HasSuffix(f.Entries[0].ID, "2490") {
		t.Errorf("%d entries, the first %v", len(f.Entries), f.Entries[0])
	}
}

func TestFeedOfAnEarlierRoomIsNotShown(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	e.shown(alertID, "hosp-7", alert())
	if titles, _ := readFeed(t, s, "clinic-4"); titles == "" {
		t.Fatal("nothing is shown")
	}
	room := e.rooms["newborn"]
	room.CreatedAt = noon().Add(time.Minute)
	e.rooms["newborn"] = room
	if titles, _ := readFeed(t, s, "clinic-4"); titles != "" {
		t.Errorf("%q", titles)
	}
	if w := (ask{"GET", alerts + "/" + alertID, "clinic-4", "", nil}).of(s); w.Code != 404 {
		t.Errorf("the alert itself: %d", w.Code)
	}
}

func TestAlertIsReadByteForByte(t *testing.T) {
	raw := "<?xml version='1.0'?>\r\n" + alert("storm", "st\u00f6rm &amp; h\u2028ail") + "\n\n"
	e := shownToAll(newEngine())
	e.shown(alertID, "hosp-7", raw)
	for _, token := range []string{"clinic-4", "boss", ""} {
		w := ask{"GET", alerts + "/" + alertID, token, "", nil}.of(newServer(e))
		if w.Code != 200 || w.Body.String() != raw || w.Header().Get("Content-Type") != "application/cap+xml" {
			t.Errorf("%q: %d %s", token, w.Code, w.Body)
		}
	}
	for _, path := range []string{"/v1/rooms/taxes/alerts/" + alertID, alerts + "/" + umid, alerts + "/01KAMVJVG0ZJ2C5YD3GZ7A8Q9Z"} {
		if w := (ask{"GET", path, "boss", "", nil}).of(newServer(e)); w.Code != 404 && w.Code != 403 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	taxes := e.rooms["taxes"]
	taxes.Alerts.Public = true
	e.rooms["taxes"] = taxes
	if w := (ask{"GET", "/v1/rooms/taxes/alerts/" + alertID, "", "", nil}).of(newServer(e)); w.Code != 404 {
		t.Errorf("by way of another room that is public: %d", w.Code)
	}
	m := e.messages[alertID]
	m.Held = true
	e.messages[alertID] = m
	if w := (ask{"GET", alerts + "/" + alertID, "boss", "", nil}).of(newServer(e)); w.Code != 404 {
		t.Errorf("one that waits: %d", w.Code)
	}
}

func TestFeedsWithoutAToken(t *testing.T) {
	e := newEngine()
	now := noon()
	s := newServer(e)
	s.now = func() time.Time { return now }
	e.shown(alertID, "hosp-7", alert())
	e.shown(otherAlert, "hosp-7", alert("<scope>Public</scope>", "<scope>Restricted</scope><restriction>crews</restriction>", "A storm", "For crews: a storm", "met-1", "met-2"))
	for _, path := range []string{alerts, alerts + "/" + alertID, "/v1/rooms/taxes/alerts", "/v1/rooms/none/alerts", "/v1/rooms/%2e/alerts"} {
		if w := (ask{"GET", path, "", "", nil}).of(s); w.Code != 401 {
			t.Errorf("%s: %d in a room that is not public", path, w.Code)
		}
	}
	shownToAll(e)
	if titles, _ := readFeed(t, s, ""); titles != "A storm comes" {
		t.Errorf("without a token: %q", titles)
	}
	if titles, _ := readFeed(t, s, "clinic-4"); titles != "For crews: a storm comes|A storm comes" {
		t.Errorf("by a reader: %q", titles)
	}
	if w := (ask{"GET", alerts + "/" + otherAlert, "", "", nil}).of(s); w.Code != 404 {
		t.Errorf("a restricted alert without a token: %d", w.Code)
	}
	for token, want := range map[string]int{"other": 403, "!" + strings.ReplaceAll(string(oidc.ErrExpired), " ", "_"): 401} {
		if w := (ask{"GET", alerts, token, "", nil}).of(s); w.Code != want {
			t.Errorf("%s: %d", token, w.Code)
		}
	}
	// What is shown without a token may be of a moment ago, so that no crowd makes work.
	e.shown("01KAMVJVG0ZJ2C5YD3GZ7A8Q5D", "hosp-7", alert("A storm", "Another", "met-1", "met-3"))
	if titles, _ := readFeed(t, s, ""); titles != "A storm comes" {
		t.Errorf("at once: %q", titles)
	}
	now = now.Add(5 * time.Second)
	if titles, _ := readFeed(t, s, ""); titles != "Another comes|A storm comes" {
		t.Errorf("after a while: %q", titles)
	}
	if w := (ask{"POST", alerts, "", alert(), asCAP()}).of(s); w.Code != 401 {
		t.Errorf("publishing without a token: %d", w.Code)
	}
}

func TestFeedsAreAskedAboutAgain(t *testing.T) {
	e := shownToAll(newEngine())
	s := newServer(e)
	e.shown(alertID, "hosp-7", alert())
	for _, path := range []string{alerts, alerts + "/" + alertID} {
		w := ask{"GET", path, "", "", nil}.of(s)
		tag, changed := w.Header().Get("ETag"), w.Header().Get("Last-Modified")
		if cache := w.Header().Get("Cache-Control"); cache != "public, max-age=5" || w.Header().Get("Vary") != "Authorization" {
			t.Errorf("%s: %s", path, cache)
		}
		if private := (ask{"GET", path, "boss", "", nil}).of(s).Header().Get("Cache-Control"); private != "private, no-cache" {
			t.Errorf("%s with a token: %s", path, private)
		}
		for _, tc := range []struct {
			header []string
			want   int
		}{
			{[]string{"If-None-Match", tag}, 304}, {[]string{"If-None-Match", `"x", W/` + tag}, 304}, {[]string{"If-None-Match", "*"}, 304},
			{[]string{"If-None-Match", `"x"`}, 200}, {[]string{"If-None-Match", `"x"`, "If-Modified-Since", changed}, 200},
			{[]string{"If-Modified-Since", changed}, 304}, {[]string{"If-Modified-Since", "Sat, 21 Nov 2026 12:00:00 GMT"}, 200}, {[]string{"If-Modified-Since", "x"}, 200},
		} {
			w := ask{"GET", path, "", "", tc.header}.of(s)
			if w.Code != tc.want || w.Code == 304 && (w.Body.Len() > 0 || w.Header().Get("Content-Length") != "") || w.Header().Get("ETag") != tag {
				t.Errorf("%s %v: %d %s", path, tc.header, w.Code, w.Body)
			}
		}
	}
	if cache := (ask{"GET", alerts + "/x", "", "", nil}).of(s).Header().Get("Cache-Control"); cache != "no-store" {
		t.Errorf("a refusal: %s", cache)
	}
}

func TestReadsOfPublicFeedsAreNotRecorded(t *testing.T) {
	e := shownToAll(newEngine())
	s := newServer(e)
	ask{"GET", alerts, "", "", nil}.of(s)
	if len(e.noted) > 0 {
		t.Errorf("%+v", e.noted)
	}
	ask{"GET", alerts, "clinic-4", "", nil}.of(s)
	if len(e.noted) != 1 || e.noted[0].Source != "clinic-4" || e.noted[0].IDs["room"] != "newborn" {
		t.Errorf("%+v", e.noted)
	}
}
