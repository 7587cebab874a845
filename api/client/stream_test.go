package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

// teller is a room's log, told by servers that break off after a few messages each time.
type teller struct {
	mu    sync.Mutex
	begun []string // Last-Event-ID of each connection
}

const told = 40 // messages in the log

// tell gives at most so many messages, then ends in some way.
func (l *teller) tell(most int, end func(http.ResponseWriter)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("Last-Event-ID")
		l.mu.Lock()
		l.begun = append(l.begun, id)
		l.mu.Unlock()
		after, _ := strconv.Atoi(id)
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "retry: 2000\nid: %d\n\n:\n\n", after)
		for n := after + 1; n <= min(after+most, told); n++ {
			fmt.Fprintf(w, "id: %d\nevent: message\ndata: {\"sequence\":%d,\"umid\":\"u\",\"content\":{\ndata: \"text\":\"%d\"}}\n\n", n, n, n)
		}
		_ = http.NewResponseController(w).Flush()
		end(w)
	}
}

// listen takes all messages of the log.
func listen(t *testing.T, c *client.Client) (got []uint64, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for e, err := range c.Stream(ctx, "newborn", client.StreamOptions{Resume: true}) {
		if err != nil {
			return got, err
		}
		if want := fmt.Sprintf("{\n\"text\":\"%d\"}", e.Sequence); string(e.Content) != want {
			t.Errorf("content %q, want %q", e.Content, want)
		}
		if got = append(got, e.Sequence); len(got) == told {
			break
		}
	}
	return got, nil
}

func TestStreamGoesOnAfterEveryKindOfEnd(t *testing.T) {
	for how, start := range transports() {
		for name, end := range map[string]func(http.ResponseWriter){
			"breaks off":       func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
			"ends":             func(http.ResponseWriter) {},
			"in the middle":    func(w http.ResponseWriter) { fmt.Fprint(w, "id: 99\nevent: message\ndata: {\"seq") },
			"shutdown":         func(w http.ResponseWriter) { fmt.Fprint(w, "event: end\ndata: {\"reason\":\"shutdown\"}\n\n") },
			"the token's life": func(w http.ResponseWriter) { fmt.Fprint(w, "event: end\ndata: {\"reason\":\"token\"}\n\n") },
			"a message once more": func(w http.ResponseWriter) {
				fmt.Fprint(w, "event: message\ndata: {\"sequence\":1,\"content\":{}}\n\n")
			},
		} {
			t.Run(how+"/"+name, func(t *testing.T) {
				c, home, other := pair(t, start)
				l := &teller{}
				home.set(l.tell(9, end))
				other.set(l.tell(9, end))
				got, err := listen(t, c)
				if err != nil || len(got) != told || !slices.IsSorted(got) || got[0] != 1 || got[told-1] != told {
					t.Errorf("got %v, %v", got, err)
				}
				if want := []string{"", "9", "18", "27", "36"}; !slices.Equal(l.begun, want) {
					t.Errorf("began behind %q, want %q", l.begun, want)
				}
			})
		}
	}
}

// A server that is silent is taken for dead, and one that is not there is passed by.
func TestStreamLeavesASilentServer(t *testing.T) {
	a, b, dead := newPeer(t, plain), newPeer(t, plain), newPeer(t, plain)
	dead.Close()
	l := &teller{}
	a.set(l.tell(5, func(http.ResponseWriter) { <-a.ended }))
	b.set(l.tell(5, func(http.ResponseWriter) { <-b.ended }))
	c := client.New(client.Options{Servers: []string{a.URL, dead.URL, b.URL}, Silence: 50 * time.Millisecond, AttemptTimeout: 300 * time.Millisecond})
	if got, err := listen(t, c); err != nil || len(got) != told || !slices.IsSorted(got) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestStreamEndsWhereItIsRefused(t *testing.T) {
	c, home, _ := pair(t, plain)
	home.set(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"type":"x","title":"Not allowed","status":403,"code":"forbidden","detail":"x","requestId":"R"}`)
	})
	var p *client.Problem
	if got, err := listen(t, c); !errors.As(err, &p) || p.Code != v1.ProblemCodeForbidden || len(got) > 0 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestStreamGivesUpWhereNobodyAnswers(t *testing.T) {
	dead := newPeer(t, plain)
	dead.Close()
	c := client.New(client.Options{Servers: []string{dead.URL}, RetryFor: 300 * time.Millisecond})
	var lost *client.ConnectionError
	if got, err := listen(t, c); !errors.As(err, &lost) || len(got) > 0 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestStreamTellsOfGapAndExactContent(t *testing.T) {
	s := &script{answers: []answer{{status: 200, body: "event: gap\ndata: {\"first\":7}\n\nid: 7\nevent: message\n" +
		"data: {\"sequence\":7,\"content\":{\ndata: },\"exactContent\":\"ew0KfQ==\"}\n\n"}}}
	var events []client.Event
	for e, err := range s.client().Stream(t.Context(), "newborn", client.StreamOptions{After: 3, Resume: true, Lane: "bulk", Type: "a&b"}) {
		if err != nil {
			t.Fatal(err)
		}
		if events = append(events, e); len(events) == 2 {
			break
		}
	}
	if events[0].Gap != 7 || string(events[1].Content) != "{\r\n}" || events[1].ExactContent != nil {
		t.Errorf("got %+v", events)
	}
	if got := s.asked[0].URL.RequestURI(); got != "/v1/rooms/newborn/stream?after=3&lane=bulk&type=a%26b" {
		t.Errorf("asked %s", got)
	}
}

func TestStreamEndsWithItsContext(t *testing.T) {
	c, home, _ := pair(t, plain)
	home.set((&teller{}).tell(told, func(http.ResponseWriter) { <-home.ended }))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	count := 0
	for _, err := range c.Stream(ctx, "newborn", client.StreamOptions{}) {
		if count++; count == told {
			cancel()
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if count != told+1 {
		t.Errorf("%d turns, want one for each message and one for the end", count)
	}
}
