package api

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
)

func TestRoomLife(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	const body = `{"name":"fresh","title":"Fresh","admins":["boss"],"publishers":[{"client":"a","direct":true},{"client":"b"}],"history":true}`
	w := ask{"POST", "/v1/rooms", "root+admin", body, nil}.of(s)
	const want = `{"name":"fresh","title":"Fresh","admins":["boss"],"publishers":[{"client":"a","direct":true},{"client":"b"}],"readers":[],"history":true,"createdAt":"2026-11-22T12:00:00Z"}`
	if w.Code != 201 || w.Header().Get("ETag") != `"1"` || w.Header().Get("Location") != "/v1/rooms/fresh" || !sameJSON(t, w.Body.Bytes(), want) {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	w = ask{"PUT", "/v1/rooms/fresh", "boss", `{"admins":["boss","deputy"]}`, []string{"If-Match", `"1"`}}.of(s)
	if w.Code != 200 || w.Header().Get("ETag") != `"2"` {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	got := e.rooms["fresh"]
	if !slices.Equal(got.Admins, []rooms.Client{"boss", "deputy"}) || len(got.Publishers) > 0 || got.Title != "" || got.History {
		t.Errorf("%+v", got)
	}
	if w = (ask{"DELETE", "/v1/rooms/newborn", "root+admin", "", nil}).of(s); w.Code != 204 || w.Body.Len() > 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if len(e.people) > 0 {
		t.Error("a room is gone, its subscribers are not")
	}
}

// Otherwise the room could not be deleted again, and its subscribers would stay for ever.
func TestRoomStandsUntilItsSubscribersAreGone(t *testing.T) {
	e := newEngine()
	e.err = errors.New("disk")
	w := ask{"DELETE", "/v1/rooms/newborn", "root+admin", "", nil}.of(newServer(e))
	if _, ok := e.rooms["newborn"]; w.Code != 500 || !ok {
		t.Errorf("%d, room %t", w.Code, ok)
	}
}

func TestRoomsInPages(t *testing.T) {
	e := newEngine()
	for _, name := range []rooms.Room{"a", "b", "c"} {
		e.rooms[name] = rooms.RoomConfig{Name: name}
	}
	var names []string
	path := "/v1/rooms?limit=2"
	for range 10 {
		var list v1.RoomList
		w := ask{"GET", path, "root+admin", "", nil}.of(newServer(e))
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil {
			t.Fatal(err)
		}
		for _, r := range list.Rooms {
			names = append(names, r.Name)
		}
		if list.Next == nil {
			break
		}
		path = "/v1/rooms?limit=2&cursor=" + *list.Next
	}
	if got := strings.Join(names, " "); got != "a b c newborn taxes" {
		t.Errorf("%s", got)
	}
}

func TestSubscriberAddedTwice(t *testing.T) {
	s := newServer(newEngine())
	for i, want := range []int{201, 200} {
		w := ask{"POST", "/v1/rooms/newborn/subscribers", "boss", `{"email":"a@example.com","name":"A"}`, nil}.of(s)
		if w.Code != want || !sameJSON(t, w.Body.Bytes(), `{"id":"`+subscriber+`","channel":"email","since":"2026-11-22T12:00:00Z","state":"active"}`) {
			t.Errorf("%d: %d %s", i, w.Code, w.Body)
		}
	}
}

func TestMessageStatus(t *testing.T) {
	w := ask{"GET", "/v1/messages/" + umid, "hosp-7", "", nil}.of(newServer(newEngine()))
	const want = `{"umid":"` + umid + `","room":"newborn","type":"reminder","lane":"normal","direct":true,"state":"running","receivedAt":"2026-11-22T12:00:00Z",
		"expiresAt":"2026-11-23T12:00:00Z","recipients":2,"status":{"pending":0,"queued":0,"sent":1,"delivered":1,"errored":0,"failed":0},
		"firstSentAt":"2026-11-22T12:00:01Z","finishedAt":null,"policy":{"name":"standard","revision":3}}`
	if w.Code != 200 || !sameJSON(t, w.Body.Bytes(), want) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestStatusWaitsForTheIndex(t *testing.T) {
	const other = "01KAMVJVG0ZJ2C5YD3GZ7A8Q4N"
	e := newEngine()
	e.late[other] = index.Summary{Header: rooms.Header{UMID: other, Room: "newborn", Publisher: "hosp-7", ReceivedAt: time.Now()}}
	if w := (ask{"GET", "/v1/messages/" + other, "hosp-7", "", nil}).of(newServer(e)); w.Code != 200 || e.waits != 1 {
		t.Errorf("%d after %d waits: %s", w.Code, e.waits, w.Body)
	}
}

func TestStatusOfADeletedRoom(t *testing.T) {
	for token, want := range map[string]int{"hosp-7": 200, "root+admin": 200, "boss": 404} {
		e := newEngine()
		delete(e.rooms, "newborn")
		if w := (ask{"GET", "/v1/messages/" + umid, token, "", nil}).of(newServer(e)); w.Code != want {
			t.Errorf("%s: %d %s", token, w.Code, w.Body)
		}
	}
}

func TestMethodNotAllowedNamesTheOthers(t *testing.T) {
	s := newServer(newEngine())
	for path, want := range map[string]string{
		"/v1/rooms/newborn": "DELETE, GET, HEAD, PUT", "/v1/rooms/newborn/messages": "GET, HEAD, POST", "/healthz": "GET, HEAD",
	} {
		w := ask{"OPTIONS", path, "", "", nil}.of(s)
		if p := problemIn(t, w); p.Code != "method_not_allowed" || w.Header().Get("Allow") != want {
			t.Errorf("%s: %d %q", path, w.Code, w.Header().Get("Allow"))
		}
	}
}

func TestReadiness(t *testing.T) {
	parts := []Part{{"store", ready(nil)}, {"index", ready(errors.New("secret"))}}
	w := ask{"GET", "/readyz", "", "", nil}.of(serverOn(newEngine(), Options{}, io.Discard, parts...))
	if p := problemIn(t, w); p.Code != "not_ready" || !slices.Equal(p.Parts, []string{"index"}) || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("%s", w.Body)
	}
	if w := (ask{"HEAD", "/readyz", "", "", nil}).of(newServer(newEngine())); w.Code != 200 {
		t.Errorf("%d", w.Code)
	}
}

func ready(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

// Several ETags are a list (RFC 9110 §13.1.1), in one line or in many; a change names one.
func TestChangeNamesOneETag(t *testing.T) {
	s := newServer(newEngine())
	r := ask{"PUT", "/v1/rooms/newborn", "boss", "{}", []string{"If-Match", `"7"`}}.request()
	r.Header.Add("If-Match", `"8"`)
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	if p := problemIn(t, w); p.Status != 400 || p.Code != "invalid_parameter" {
		t.Errorf("%d %s", p.Status, p.Code)
	}
}
