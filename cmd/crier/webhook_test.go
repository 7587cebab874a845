package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// application is what a webhook calls. It keeps every call.
type application struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	calls  []received
}

type received struct {
	header http.Header
	body   []byte
}

func startApplication(t *testing.T) *application {
	t.Helper()
	a := &application{status: http.StatusOK}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.mu.Lock()
		defer a.mu.Unlock()
		a.calls = append(a.calls, received{r.Header, body})
		w.WriteHeader(a.status)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *application) answer(status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.status = status
}

func (a *application) got() []received {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]received(nil), a.calls...)
}

// waitFor waits until so many calls have come, and gives them.
func (a *application) waitFor(t *testing.T, n int) []received {
	t.Helper()
	await(t, busyFor, func() string {
		if got := len(a.got()); got < n {
			return fmt.Sprintf("%d calls have come, want %d", got, n)
		}
		return ""
	})
	return a.got()
}

// good fails unless the independent library accepts the call.
func (r received) good(t *testing.T, secret string) {
	t.Helper()
	hook, err := standardwebhooks.NewWebhook(secret)
	if err == nil {
		err = hook.Verify(r.body, r.header)
	}
	if err != nil {
		t.Errorf("%v: %v", r.header, err)
	}
}

func TestWebhookGetsWhatWasPublished(t *testing.T) {
	s := newStand(t, []string{"policy.retry=1s"}, nil)
	app := startApplication(t)
	s.room("newborn", demoPublisher)
	admin, reader := s.as(s.token(demoAdmin)), s.as(s.token(demoReader))
	if _, err := reader.AddWebhook(t.Context(), "newborn", app.URL+"/canary"); !strings.Contains(fmt.Sprint(err), "forbidden") {
		t.Fatalf("who may not read the room: %v", err)
	}
	s.readers("newborn", demoReader)
	hook, err := reader.AddWebhook(t.Context(), "newborn", app.URL+"/canary")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.AddSubscriber(t.Context(), "newborn", v1.Person{Email: "a@example.com"}); err != nil {
		t.Fatal(err)
	}

	const content = "{ \"text\":\"caf\\u00e9\",\r\n\t\"subject\" : \"\\u0041\" }"
	app.answer(http.StatusServiceUnavailable)
	a := ask(t, http.MethodPost, s.app.URL()+"/v1/rooms/newborn/messages", s.token(demoPublisher), `{"transactionId":"t-1","type":"reminder","content":`+content+`}`)
	if a.status != http.StatusAccepted {
		t.Fatalf("%d %s", a.status, a.body)
	}
	app.waitFor(t, 1)
	rotated, err := reader.RotateWebhook(t.Context(), "newborn", hook.ID)
	if err != nil {
		t.Fatal(err)
	}
	app.answer(http.StatusOK)
	s.stands(a.UMID, v1.Counts{Sent: 2})

	calls := app.got()
	first, last := calls[0], calls[len(calls)-1]
	for _, c := range calls {
		if !bytes.HasSuffix(c.body, []byte(`"data":`+content+`}`)) {
			t.Errorf("another content: %s", c.body)
		}
		if c.header.Get("Webhook-Id") != first.header.Get("Webhook-Id") {
			t.Errorf("%v is not an attempt of %v", c.header, first.header)
		}
		c.good(t, hook.Secret)
	}
	last.good(t, rotated.Secret) // which was there before the message was sent again

	s.readers("newborn")
	gone := s.publish("newborn", v1.Publish{TransactionID: "t-2", Content: v1.Content{Text: "x"}})
	s.stands(gone.UMID, v1.Counts{Sent: 1, Failed: 1})
	if n := len(app.got()); n != len(calls) {
		t.Errorf("%d calls after the right to read had gone", n-len(calls))
	}
	if log := s.log.String(); strings.Contains(log, "canary") || strings.Contains(log, "whsec_") {
		t.Error("URL or secret in the log")
	}
}

// readers says who may read a room.
func (s *stand) readers(room string, ids ...string) {
	s.t.Helper()
	c, err := s.know.rooms.Get(s.t.Context(), rooms.Room(room))
	if err != nil {
		s.t.Fatal(err)
	}
	c.Readers = nil
	for _, id := range ids {
		c.Readers = append(c.Readers, rooms.Client(id))
	}
	if _, err := s.know.rooms.Put(s.t.Context(), c); err != nil {
		s.t.Fatal(err)
	}
}

// A gateway that dies between the application's answer and its own record repeats the call, under the same id.
func TestWebhookAfterACrash(t *testing.T) {
	t.Parallel() // most of it is waiting
	program, store := buildProgram(t, "crashpoints"), filepath.Join(t.TempDir(), "store")
	app := startApplication(t)
	g := startGateway(t, program, store, "CRIER_CRASH=after-send:1", "--set", "log.ackWait=2s")
	admin := client.New(client.Options{Servers: []string{g.API}, Token: client.Static(rooms.NewSecret(g.AdminToken))})
	own := client.New(client.Options{Servers: []string{g.API}, Token: client.Static(rooms.NewSecret(g.Token))})
	if _, err := admin.CreateRoom(t.Context(), v1.NewRoom{
		Name: "hooks", Publishers: []v1.Publisher{{Client: demoPublisher}}, Readers: []string{demoPublisher},
	}); err != nil {
		t.Fatal(err)
	}
	hook, err := own.AddWebhook(t.Context(), "hooks", app.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := own.Publish(t.Context(), "hooks", v1.Publish{TransactionID: "t-1", Type: "reminder", Content: v1.Content{Text: "x"}}); err != nil {
		t.Fatal(err)
	}
	if !g.exited(busyFor) {
		t.Fatal("the process lives on")
	}
	if n := len(app.got()); n != 1 {
		t.Fatalf("%d calls before the crash", n)
	}
	startGateway(t, program, store, "CRIER_CRASH=", "--set", "log.ackWait=2s")
	calls := app.waitFor(t, 2)
	for _, c := range calls {
		c.good(t, hook.Secret)
	}
	if a, b := calls[0].header.Get("Webhook-Id"), calls[1].header.Get("Webhook-Id"); a == "" || a != b || !bytes.Equal(calls[0].body, calls[1].body) {
		t.Errorf("%s, then %s", a, b)
	}
}
