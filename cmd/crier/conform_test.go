package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/cmd/crier/conform"
	"github.com/govcrier/crier/config"
	"github.com/govcrier/crier/rooms"
)

// Every check finds the fault that it is there for. The gateway is right; what it is asked and what it answers is falsified on
// the way, for the length of one check.
func TestConformFindsFaults(t *testing.T) {
	s := newStand(t, nil, func(c *config.Config) { c.Sandbox.Late = time.Second })
	options, said := conformOptions(t, s), map[string]conform.Result{}
	all := conform.Run(t.Context(), options, nil, func(r conform.Result) { said[r.Check] = r })
	for _, r := range said {
		if r.Outcome != conform.Passed {
			t.Errorf("%s of %s: %s: %s", r.Outcome, r.Interface, r.Check, r.Detail)
		}
	}
	if all.Failed+all.Skipped > 0 || all.Passed != len(said) || t.Failed() {
		t.Fatalf("without a fault: %+v", all)
	}
	for _, faults := range falsehoods(checkNames(t)) {
		way := &falsifier{faults: faults, order: checkNames(t)}
		options.HTTP, options.Patience = &http.Client{Transport: way}, 2*time.Second
		found := 0
		conform.Run(t.Context(), options, nil, func(r conform.Result) {
			if faults[r.Check] != nil {
				found++
				if r.Outcome != conform.Failed {
					t.Errorf("%s is %s", r.Check, r.Outcome)
				}
			}
			way.next()
		})
		if found != len(faults) {
			t.Errorf("%d faults, and %d checks for them", len(faults), found)
		}
	}
}

// conformOptions are those with which nothing is skipped.
func conformOptions(t *testing.T, s *stand) conform.Options {
	t.Helper()
	const key, other, room, otherClient = "abcdef12345", "xyz0987654", "conformity", "hosp-8"
	ctx, admin := t.Context(), s.as(s.token(demoAdmin))
	if err := giveKeys(ctx, admin, s.app.apiKeys, []string{key}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.PutClient(ctx, otherClient, "", v1.ClientChange{Organisation: "Another", Email: []string{"other@example.com"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.CreateRoom(ctx, v1.NewRoom{Name: string(rooms.EmailRoom(otherClient)), Publishers: []v1.Publisher{{Client: otherClient, Direct: true}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.app.apiKeys.Put(ctx, otherClient, demoAdmin, rooms.NewSecret(other)); err != nil {
		t.Fatal(err)
	}
	_, err := admin.CreateRoom(ctx, v1.NewRoom{Name: room, Admins: []string{demoPublisher}, Publishers: []v1.Publisher{{Client: demoPublisher, Direct: true}}, Readers: []string{demoPublisher}})
	if err != nil {
		t.Fatal(err)
	}
	ear, err := conform.Listen(ctx, "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ear.Close() })
	if _, err := s.as(s.token(demoPublisher)).SetCallback(ctx, ear.URL()); err != nil {
		t.Fatal(err)
	}
	return conform.Options{
		URL: s.app.URL(), APIKey: rooms.NewSecret(key), OtherKey: rooms.NewSecret(other), Token: rooms.NewSecret(s.token(demoPublisher)),
		Member: demoMember + "/" + demoPublisher, Room: room, Sender: demoSender, Recipient: "customer@example.com", Ear: ear, Patience: time.Minute,
	}
}

// checkNames are those of all checks, in their order: without credentials each is told as skipped.
func checkNames(t *testing.T) (all []string) {
	t.Helper()
	conform.Run(t.Context(), conform.Options{URL: "http://127.0.0.1"}, nil, func(r conform.Result) { all = append(all, r.Check) })
	if len(all) < 60 {
		t.Fatalf("only %d checks", len(all))
	}
	return all
}

// exchange is a call on its way: what is asked, and what is answered once it is known.
type exchange struct {
	*http.Request
	asked  []byte
	answer *httptest.ResponseRecorder // nil until then; a fault that sets one spares the gateway the call
}

// falsify changes an exchange: first what is asked, then what is answered.
type falsify func(x *exchange)

// falsifier carries calls to the gateway, and falsifies those of the checks that have a fault.
type falsifier struct {
	faults map[string]falsify
	order  []string

	mu sync.Mutex
	at int
}

// next is called after each check.
func (f *falsifier) next() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at++
}

// RoundTrip implements http.RoundTripper.
func (f *falsifier) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	fault := f.faults[f.order[f.at]]
	f.mu.Unlock()
	if fault == nil {
		return http.DefaultTransport.RoundTrip(r)
	}
	asked, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	x := &exchange{Request: r.Clone(r.Context()), asked: asked}
	if fault(x); x.answer != nil {
		return x.answer.Result(), nil
	}
	x.Body, x.ContentLength = io.NopCloser(bytes.NewReader(x.asked)), int64(len(x.asked))
	a, err := http.DefaultTransport.RoundTrip(x.Request)
	if err != nil {
		return nil, err
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		return nil, err
	}
	x.answer = httptest.NewRecorder()
	for name, values := range a.Header {
		x.answer.Header()[name] = values
	}
	x.answer.Code, x.answer.Body = a.StatusCode, bytes.NewBuffer(body)
	fault(x)
	x.answer.Header().Del("Content-Length")
	return x.answer.Result(), nil
}

// instead is a fault that leaves the gateway alone, and answers in its place.
func instead(status int, body string) falsify {
	return func(x *exchange) {
		x.answer = httptest.NewRecorder()
		x.answer.Header().Set("Content-Type", "application/json")
		x.answer.WriteHeader(status)
		x.answer.Body.WriteString(body)
	}
}

// only is a fault of some calls, by method and what the path holds.
func only(method, path string, fault falsify) falsify {
	return func(x *exchange) {
		if x.Method == method && strings.Contains(x.URL.Path, path) {
			fault(x)
		}
	}
}

// replaces is a fault that changes what is answered.
func replaces(old, with string) falsify {
	return func(x *exchange) {
		if x.answer != nil {
			x.answer.Body = bytes.NewBuffer(bytes.ReplaceAll(x.answer.Body.Bytes(), []byte(old), []byte(with)))
		}
	}
}

// asking is a fault that changes what is asked.
func asking(old, with string) falsify {
	return func(x *exchange) {
		if x.answer == nil {
			x.asked = bytes.ReplaceAll(x.asked, []byte(old), []byte(with))
		}
	}
}

// ofType is a fault of the content type.
func ofType(kind string) falsify {
	return func(x *exchange) {
		if x.answer != nil {
			x.answer.Header().Set("Content-Type", kind)
		}
	}
}

// forbids is a fault that tells a stranger that there is something.
func forbids(x *exchange) {
	for name, values := range x.Header { // not in the canonical form
		if x.answer != nil && name == "requestUID" && values[0] != "01AAAAAAAAAAAAAAAAAAAAAAAA" {
			x.answer.Code = http.StatusForbidden
		}
	}
}

// falsehoods are the faults, by the checks that find them; in rounds, since a fault may leave behind what others find. In the last
// round all others get an answer that nobody wants.
func falsehoods(names []string) []map[string]falsify {
	rounds, others := particular(), map[string]falsify{}
	for _, name := range names {
		if !slices.ContainsFunc(rounds, func(round map[string]falsify) bool { return round[name] != nil }) {
			others[name] = instead(http.StatusTeapot, "{}")
		}
	}
	return append(rounds, others)
}

func particular() []map[string]falsify {
	const okay, sent = http.StatusOK, `{"response":"x","requestUID":"y"}`
	return []map[string]falsify{{
		"a bearer token does in place of a key":                             instead(http.StatusUnauthorized, "{}"),
		"another e-mail under the same Idempotency-Key is refused with 409": instead(okay, sent),
		"exactly the statuses asked for are counted, as they were spelled":  replaces(`"scheduled"`, `"waiting"`),
		"a request that nobody has made is not there":                       instead(okay, `{"delivered":0}`),
		"what another has sent looks as if it was not there":                forbids,
		"an answer of a person is taken":                                    ofType("text/html"),
		"callback.URI is called when a person has answered":                 asking("/callback/", "/nowhere/x"),
		"an address with a comment or of a group is refused":                instead(okay, sent),
		"a title, name or address that is too long is refused":              instead(okay, sent),
		"an encoding that nobody knows is refused":                          instead(okay, sent),
		"a broken batch is refused whole":                                   instead(okay, sent),
		"base64 without its padding is refused":                             instead(okay, sent),
		"a batch that is too large is refused":                              instead(okay, sent),

		"paths are served without /r1 too":                                 instead(http.StatusNotFound, "{}"),
		"subscriptions are listed, read and changed":                       only("PATCH", "/subs/", asking("7200", "7201")),
		"an option that nobody knows is refused":                           instead(http.StatusCreated, "{}"),
		"an event that is not as its schema says is refused":               instead(http.StatusCreated, "{}"),
		"an event that is stopped is not handed out":                       only("DELETE", "/pub/", instead(http.StatusNoContent, "")),
		"an event id that is none is not there":                            instead(http.StatusBadRequest, "{}"),
		"another event under the same Idempotency-Key is refused with 409": only("POST", "/pub/", instead(http.StatusCreated, `{"id":"a"}`)),
		"nobody calls without credentials":                                 instead(okay, "{}"),
		"members are listed, and the room as an application":               instead(okay, `{"member":[]}`),
		"who wants events pushed gets them":                                only("POST", "/pub/", instead(http.StatusCreated, `{"id":"a"}`)),

		"an alert is read byte for byte":                          replaces("<status>", "<status >"),
		"an alert is updated, and leaves the feed for the update": asking("<msgType>Update<", "<msgType>Alert<"),
		"an alert is cancelled, and leaves the feed":              asking("<msgType>Cancel<", "<msgType>Alert<"),
		"an alert without what the standard demands is refused":   instead(http.StatusAccepted, "{}"),
	}, {
		"with FIFO, the second of two that wait comes once the first is acknowledged": only("GET", "/pull/", instead(okay, `{"id":"another"}`)),
	}, {
		"an event that is acknowledged does not come again": only("DELETE", "/pull/", instead(http.StatusNoContent, "")),
		"an alert is read byte for byte":                    ofType("text/xml"),
	}}
}
