package outbound_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/channels/outbound"
)

func TestAskGivesTheAnswer(t *testing.T) {
	asked := make(chan string, 1)
	at, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked <- r.Header.Get(outbound.HeaderID) + " " + r.Header.Get("Content-Type") + " " + string(body)
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, strings.Repeat("x", 64<<10))
	})
	status, body, err := newClient(t, loopback()).Ask(t.Context(), call(t, at).To, "id", []byte(`{"a":1}`))
	if got := <-asked; got != `id application/json {"a":1}` {
		t.Error(got)
	}
	if status != http.StatusTeapot || len(body) != 64<<10 || err != nil {
		t.Errorf("%d, %d bytes, %v", status, len(body), err)
	}
}

// What is not a whole answer is none, and who may not be called is not asked.
func TestAskWithoutAnswer(t *testing.T) {
	o := loopback()
	o.Timeout = 200 * time.Millisecond
	for name, answer := range map[string]http.HandlerFunc{
		"too long": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 64<<10+1)) },
		"broken": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = io.WriteString(w, "{}")
		},
		"no end":    func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush(); <-r.Context().Done() },
		"no answer": func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() },
	} {
		at, _ := receiver(t, answer)
		if status, body, err := newClient(t, o).Ask(t.Context(), call(t, at).To, "id", []byte(`{}`)); err == nil || status != 0 || body != nil {
			t.Errorf("%s: %d %q %v", name, status, body, err)
		}
	}
	at, calls := receiver(t, func(http.ResponseWriter, *http.Request) {})
	if _, _, err := newClient(t, outbound.Options{}).Ask(t.Context(), call(t, at).To, "id", nil); !errors.Is(err, outbound.ErrPort) || calls.Load() > 0 {
		t.Errorf("%v, %d calls", err, calls.Load())
	}
}
