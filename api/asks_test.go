package api

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metrics"

	"github.com/go-json-experiment/json"
	"github.com/govcrier/crier/rooms/consumers"

	v1 "github.com/govcrier/crier/api/v1"
)

// serverOn makes a server that logs to w.
func serverOn(e *engine, o Options, w io.Writer, parts ...Part) *Server {
	return New(o, Deps{
		Verifier: verifier{}, Publisher: e, Transactions: alertsFake{e}, AlertLog: alertsFake{e}, Drill: "DRILL", Rooms: roomsFake{e}, Subscribers: peopleFake{e}, Webhooks: hooksFake{e}, Callbacks: callbacksFake{e},
		Invitations: peopleFake{e}, Links: linksFake{}, Suppressions: suppressionsFake{e}, Silences: suppressionsFake{e}, Persons: personsFake{e}, Replies: repliesFake{e},
		Consumers: consumers.New(consumersFake{e}, oneKey{}, consumers.Options{PerRoom: 4, PerClient: 2}), Messages: e, Desk: deskFake{e}, Events: e, Waiter: e, Live: e.hub, Audit: e,
		Blocked: blockedFake{e}, Policies: policiesOf(e), Senders: sendersOf(e), APIKeys: apiKeysOf(e), Quotas: e, Connections: e, Releases: releasesFake{e},
		Providing: providersFake{e}, Uses: providersFake{e},
		Parts: parts, Metrics: metrics.NewSet(), Now: noon,
		Log: slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
}

func newServer(e *engine) *Server { return serverOn(e, Options{}, io.Discard) }

// ask is a request; header are pairs.
type ask struct {
	method, path, token, body string
	header                    []string
}

func (a ask) request() *http.Request {
	r := httptest.NewRequest(a.method, "/", strings.NewReader(a.body))
	r.RequestURI = a.path
	path, query, _ := strings.Cut(a.path, "?")
	r.URL.Path, r.URL.RawPath, r.URL.RawQuery = unescaped(path), path, query
	if a.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	for i := 0; i+1 < len(a.header); i += 2 {
		r.Header.Set(a.header[i], a.header[i+1])
	}
	return r
}

// unescaped is what net/http makes of a path.
func unescaped(path string) string {
	plain, err := url.PathUnescape(path)
	if err != nil {
		return path
	}
	return plain
}

func (a ask) of(s *Server) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, a.request())
	return w
}

// problemIn reads the answer as a problem, of which every part has to be there.
func problemIn(tb testing.TB, w *httptest.ResponseRecorder) v1.Problem {
	tb.Helper()
	var p v1.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p, json.RejectUnknownMembers(true)); err != nil {
		tb.Fatalf("status %d, body %.200q: %v", w.Code, w.Body, err)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		tb.Errorf("content type %q", got)
	}
	if p.Status != w.Code || p.Type != "urn:crier:problem:"+string(p.Code) || p.Title == "" || p.Detail == "" ||
		p.RequestID == "" || p.RequestID != w.Header().Get("X-Request-Id") {
		tb.Errorf("incomplete problem, status %d: %s", w.Code, w.Body)
	}
	return p
}
