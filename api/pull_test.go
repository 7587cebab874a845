package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// What was published comes out to the byte: white space, escapes, the order of members, numbers.
func TestContentIsHandedOutByteForByte(t *testing.T) {
	contents := []string{
		"{ \"text\" :\n\"h\\u00e9\\/llo <&>\u2028\", \"html\":\"<p>\\\"content\\\":null</p>\" }", `{"b":1.0e2,"a":null}`, `{"content":null}`,
	}
	e := newEngine()
	e.handOut(clinicConsumer("ledger"), 5, contents...)
	w := ask{"POST", atLedger + "/pull", "clinic-4", `{"max":3}`, nil}.of(newServer(e))
	rest := w.Body.String()
	for i, content := range contents {
		before, after, ok := strings.Cut(rest, `"content":`+content+`,"deliveries":1,`)
		if !ok || !strings.Contains(after, fmt.Sprintf(`"sequence":%d,`, 5+i)) {
			t.Fatalf("%s stands not in %s", content, rest)
		}
		_, rest = before, after
	}
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	pulledTokens(t, w.Body.Bytes()) // is JSON
}

func TestPulledMessage(t *testing.T) {
	e := newEngine()
	e.handOut(clinicConsumer("ledger"), 7, `{"text":"x"}`)
	w := ask{"POST", atLedger + "/pull", "clinic-4", `{}`, nil}.of(newServer(e))
	want := fmt.Sprintf(`{"messages":[{"sequence":7,"umid":%q,"type":"reminder","lane":"normal","receivedAt":"2026-11-22T12:00:00Z","publisher":"hosp-7",`+
		`"expiresAt":"2026-11-23T12:00:00Z","deliveries":1,"ack":%q,"content":{"text":"x"}}]}`, umid, pulledTokens(t, w.Body.Bytes())[0])
	if !sameJSON(t, w.Body.Bytes(), want) {
		t.Errorf("%s", w.Body)
	}
}

func TestNothingIsNoError(t *testing.T) {
	if w := (ask{"POST", atLedger + "/pull", "clinic-4", `{}`, nil}).of(newServer(newEngine())); w.Code != 200 || w.Body.String() != `{"messages":[]}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// gone is a caller to whom nothing can be written.
type gone struct{ *httptest.ResponseRecorder }

func (gone) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// What was fetched for a caller that is gone is given back at once, however he went.
func TestMessagesOfWhoIsGoneAreGivenBack(t *testing.T) {
	pull := ask{"POST", atLedger + "/pull", "clinic-4", `{}`, nil}
	for name, serve := range map[string]func(*Server, *engine){
		"before the answer": func(s *Server, _ *engine) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			s.Handler().ServeHTTP(httptest.NewRecorder(), pull.request().WithContext(ctx))
		},
		"in the answer": func(s *Server, _ *engine) {
			s.Handler().ServeHTTP(gone{httptest.NewRecorder()}, pull.request())
		},
	} {
		e := newEngine()
		e.handOut(clinicConsumer("ledger"), 3, `1`, `2`)
		serve(newServer(e), e)
		got := e.verdicts()
		if len(got) != 2 || got[0].Verdict != stream.Refused || got[0].Sequence != 3 || got[1].Sequence != 4 || got[1].Delay != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestMessagesOfWhoIsThereAreNot(t *testing.T) {
	e := newEngine()
	e.handOut(clinicConsumer("ledger"), 3, `1`)
	if w := (ask{"POST", atLedger + "/pull", "clinic-4", `{}`, nil}).of(newServer(e)); w.Code != 200 || len(e.verdicts()) > 0 {
		t.Errorf("%d %+v", w.Code, e.verdicts())
	}
}

// Whoever waits is answered when the server stops, and need not be cut off.
func TestPullEndsWhenTheServerStops(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	answered := make(chan *httptest.ResponseRecorder)
	go func() { answered <- ask{"POST", atLedger + "/pull", "clinic-4", `{"wait":30}`, nil}.of(s) }()
	<-e.pulling
	s.drain()
	if w := <-answered; w.Code != 200 || w.Body.String() != `{"messages":[]}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w := ask{"POST", atLedger + "/pull", "clinic-4", `{"wait":30}`, nil}.of(s) // who comes later does not wait
	if w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Pulls that wait are limited, of a client and of a node. One that does not wait is always answered.
func TestWaitingPullsAreLimited(t *testing.T) {
	e := newEngine()
	for _, client := range []rooms.Client{"clinic-5", "ear"} {
		c := e.consumers[clinicConsumer("ledger")]
		c.Client, c.ID.Owner = client, rooms.OwnerOf(client)
		e.consumers[c.ID] = c
	}
	s := serverOn(e, Options{Pulls: PullOptions{PerClient: 2, PerNode: 3}}, io.Discard)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	pull := func(client, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, ask{"POST", atLedger + "/pull", client, body, nil}.request().WithContext(ctx))
		return w
	}
	var waiting sync.WaitGroup
	for _, client := range []string{"clinic-4", "clinic-4", "clinic-5"} {
		waiting.Go(func() {
			if w := pull(client, `{"wait":30}`); w.Code != 200 {
				t.Errorf("%s: %d %s", client, w.Code, w.Body)
			}
		})
		<-e.pulling
	}
	for _, tc := range []struct {
		client string
		status int
		code   v1.ProblemCode
	}{{"clinic-4", 429, v1.ProblemCodeTooManyPulls}, {"ear", 503, v1.ProblemCodePullsFull}} {
		w := pull(tc.client, `{"wait":1}`)
		if p := problemIn(t, w); w.Code != tc.status || p.Code != tc.code || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", tc.client, w.Code, w.Body)
		}
		if w := pull(tc.client, `{}`); w.Code != 200 {
			t.Errorf("%s without wait: %d %s", tc.client, w.Code, w.Body)
		}
	}
	s.drain()
	waiting.Wait()
	if s.pulls.all != 0 || len(s.pulls.of) != 0 {
		t.Errorf("%d pulls are counted, of %v", s.pulls.all, s.pulls.of)
	}
}

// A caller who hangs up while he waits is noticed at once; until then he may wait longer than a body may take.
func TestWaitEndsWithTheConnection(t *testing.T) {
	r := start(t, Options{Insecure: true, HeaderTimeout: 100 * time.Millisecond, BodyTimeout: 200 * time.Millisecond})
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const body = `{"wait":30}`
	_, err = fmt.Fprintf(conn, "POST %s/pull HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer clinic-4\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", atLedger, len(body), body)
	if err != nil {
		t.Fatal(err)
	}
	<-r.engine.pulling
	_ = conn.SetReadDeadline(time.Now().Add(time.Second))
	if n, err := conn.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the wait ended by itself: %d bytes, %v", n, err)
	}
	if len(r.engine.pulled) > 0 {
		t.Error("the wait ended by itself")
	}
	_ = conn.Close()
	<-r.engine.pulled
}
