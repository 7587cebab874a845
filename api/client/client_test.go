package client_test

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

func TestTokensGoOverTLSOrStayHere(t *testing.T) {
	for server, good := range map[string]bool{
		"https://crier.example.org":      true,
		"https://crier.example.org/base": true,
		"http://127.0.0.1:8080":          true,
		"http://localhost:8080":          true,
		"http://[::1]:8080":              true,
		"http://crier.example.org":       false,
		"http://localhost.example.org":   false,
		"https://user:pw@example.org":    false,
		"https://example.org/?a=b":       false,
		"ftp://127.0.0.1":                false,
		"crier.example.org":              false,
		"":                               false,
	} {
		s := &script{answers: []answer{{status: 200, body: `{"status":"ready"}`}}}
		c := client.New(client.Options{Servers: []string{server}, HTTPClient: &http.Client{Transport: s}, Token: client.Static(rooms.NewSecret("t"))})
		err := c.Ready(t.Context())
		if good && err != nil || !good && !errors.Is(err, client.ErrServer) {
			t.Errorf("%q: %v", server, err)
		}
		if asked := len(s.asked) > 0; asked != good {
			t.Errorf("%q: asked is %t", server, asked)
		}
	}
}

func TestListsAreReadToTheEnd(t *testing.T) {
	s := &script{answers: []answer{
		{status: 200, body: `{"rooms":[{"name":"a"},{"name":"b"}],"next":"c/1"}`},
		{status: 200, body: `{"rooms":[],"next":"c2"}`},
		{status: 200, body: `{"rooms":[{"name":"c"}],"next":null}`},
	}}
	var names []string
	for r, err := range s.client().Rooms(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, r.Name)
	}
	if want := []string{"a", "b", "c"}; !reflect.DeepEqual(names, want) {
		t.Errorf("read %v, want %v", names, want)
	}
	if got := s.asked[1].URL.RequestURI(); got != "/v1/rooms?cursor=c%2F1&limit=500" {
		t.Errorf("asked %s", got)
	}
}

func TestListsEndWithTheFirstError(t *testing.T) {
	s := &script{answers: []answer{{status: 200, body: `{"messages":[{"umid":"1"}],"next":"c"}`}, problem(404, v1.ProblemCodeUnknownRoom)}}
	var seen []error
	for _, err := range s.client().RoomMessages(t.Context(), "newborn") {
		seen = append(seen, err)
	}
	var p *client.Problem
	if len(seen) != 2 || seen[0] != nil || !errors.As(seen[1], &p) {
		t.Errorf("got %v", seen)
	}
}

func TestUpdateSendsTheRevision(t *testing.T) {
	s := &script{answers: []answer{{200, http.Header{"Etag": {`"7"`}}, `{"name":"newborn"}`}}}
	room, err := s.client().Room(t.Context(), "newborn")
	if err != nil || room.ETag != `"7"` {
		t.Fatalf("got %v, %v", room, err)
	}
	if _, err := s.client().UpdateRoom(t.Context(), "newborn", room.ETag, v1.RoomChange{Title: "T"}); err != nil {
		t.Fatal(err)
	}
	if got := s.asked[1].Header.Get("If-Match"); got != `"7"` || s.bodies[1] != `{"title":"T"}` {
		t.Errorf("sent %s under %s", s.bodies[1], got)
	}
}

func TestNamesAreEscaped(t *testing.T) {
	s := &script{answers: []answer{{status: 204}}}
	if err := s.client().RemoveSubscriber(t.Context(), "../admin", "a?b"); err != nil {
		t.Fatal(err)
	}
	if got := s.asked[0].URL.RequestURI(); got != "/v1/rooms/..%2Fadmin/subscribers/a%3Fb" {
		t.Errorf("asked %s", got)
	}
}

func TestWhatIsNoProblemDocumentBecomesOne(t *testing.T) {
	s := &script{answers: []answer{{502, http.Header{"Content-Type": {"text/html"}, "X-Request-Id": {"R7"}}, "<h1>secret</h1>"}}}
	err := s.client().Ready(t.Context())
	var p *client.Problem
	if !errors.As(err, &p) || p.Status != 502 || p.Code != "" || p.RequestID != "R7" {
		t.Fatalf("got %#v", err)
	}
	if got := err.Error(); got != "Bad Gateway (HTTP 502) [request R7]" {
		t.Errorf("says %q", got)
	}
}

func TestUploadTellsFaultsAndSums(t *testing.T) {
	s := &script{answers: []answer{{status: 200, body: `{"line":2,"errors":[{"pointer":"/email","code":"invalid_address","detail":"no"}]}
{"added":1,"existing":0,"faulty":1}
`}}}
	var faulty []int64
	var rows int64
	sums, err := s.client().AddSubscribers(t.Context(), "newborn", strings.NewReader("{\"email\":\"a@example.com\"}\n{}\n"), client.Upload{
		Sent:   func(n int64) { rows = n },
		Faulty: func(line int64, _ []v1.Fault) { faulty = append(faulty, line) },
	})
	if err != nil || sums != (client.Sums{Added: 1, Faulty: 1}) {
		t.Fatalf("got %v, %v", sums, err)
	}
	if rows != 2 || !reflect.DeepEqual(faulty, []int64{2}) {
		t.Errorf("told of %d rows, faulty %v", rows, faulty)
	}
	if kind := s.asked[0].Header.Get("Content-Type"); kind != "application/x-ndjson" {
		t.Errorf("sent as %s", kind)
	}
}

func TestUploadThatBreaksOffIsNoSuccess(t *testing.T) {
	for _, body := range []string{"", `{"line":2,"errors":[]}`, `{"added":1`, "upstream gone"} {
		s := &script{answers: []answer{{status: 200, body: body}}}
		if _, err := s.client().AddSubscribers(t.Context(), "newborn", strings.NewReader("{}\n"), client.Upload{}); !errors.Is(err, client.ErrBrokenOff) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestRetryAfterMayBeADate(t *testing.T) {
	at := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	s := &script{answers: []answer{problem(503, v1.ProblemCodeNotReady, "Retry-After", at)}}
	var p *client.Problem
	if err := s.client().Ready(t.Context()); !errors.As(err, &p) || p.RetryAfter < 58*time.Minute || p.RetryAfter > time.Hour {
		t.Errorf("got %v", err)
	}
}
