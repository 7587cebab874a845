// Package stub is what providers that are asked by HTTP have in common where tests stand in for them: they keep what they were
// sent, answer JSON, may stay silent, and call back until they are heard.
package stub

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// How often, and for how long, a provider calls back.
const (
	pause    = 20 * time.Millisecond
	patience = 10 * time.Second
)

// NoAnswer is the status of a call that nobody has answered.
const NoAnswer = 599

// Server stands in for a provider.
type Server struct {
	*httptest.Server

	mu    sync.Mutex
	wire  bytes.Buffer
	calls sync.WaitGroup
	done  chan struct{}
}

// Start starts one, which has to be stopped. serve gets each request with its body.
func Start(serve func(w http.ResponseWriter, r *http.Request, body []byte)) *Server {
	s := &Server{done: make(chan struct{})}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		s.record(r, body)
		serve(w, r, body)
	}))
	return s
}

// Stop stops it, once.
func (s *Server) Stop() {
	close(s.done)
	s.CloseClientConnections()
	s.Close()
	s.calls.Wait()
}

func (s *Server) record(r *http.Request, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(&s.wire, "%s %s\r\n", r.Method, r.URL)
	_ = r.Header.Write(&s.wire)
	s.wire.Write(body)
}

// Wire is all that has been received.
func (s *Server) Wire() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.wire.Bytes())
}

// Done is closed when it stops.
func (s *Server) Done() <-chan struct{} { return s.done }

// Hang says nothing until who asks has given up.
func (s *Server) Hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.done:
	}
}

// Insist makes calls one after the other, each until it is taken, beside what else goes on. A call gives a status.
func (s *Server) Insist(calls ...func() int) {
	s.calls.Go(func() {
		for _, call := range calls {
			s.insist(call)
		}
	})
}

func (s *Server) insist(call func() int) {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if call() < http.StatusMultipleChoices {
			return
		}
		select {
		case <-s.done:
			return
		case <-time.After(pause):
		}
	}
}

// Answer answers JSON.
func Answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// Post calls an inlet with JSON and further headers, and gives the status of the answer, or NoAnswer.
func Post(at, body string, header http.Header) int {
	r, err := http.NewRequest(http.MethodPost, at, strings.NewReader(body))
	if err != nil {
		return NoAnswer
	}
	r.Header.Set("Content-Type", "application/json")
	for name, values := range header {
		r.Header[name] = values
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return NoAnswer
	}
	defer w.Body.Close()
	_, _ = io.Copy(io.Discard, w.Body)
	return w.StatusCode
}

// File keeps a credential for a test.
func File(tb testing.TB, text string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "credential")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}
