package conform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// maxHeard bounds what is kept of a call, and of how many.
const (
	maxHeard = 1 << 20
	maxCalls = 1000
)

// Ear is a small server that the one that is checked calls: callbacks of e-mails, and events that are pushed.
type Ear struct {
	url    string // as the server that is checked reaches it, without a slash at the end
	server *http.Server

	mu      sync.Mutex
	calls   []heard
	changed chan struct{} // closed with each call, and made anew
}

// heard is one call: a POST that was answered with 200.
type heard struct {
	path string
	body []byte
}

// Listen opens an ear on an address such as 127.0.0.1:9099. reach is its URL for the server that is checked; "" is http:// and
// the address.
func Listen(ctx context.Context, address, reach string) (*Ear, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for callbacks: %w", err)
	}
	if reach == "" {
		reach = "http://" + l.Addr().String()
	}
	e := &Ear{url: strings.TrimSuffix(reach, "/"), changed: make(chan struct{})}
	e.server = &http.Server{Handler: e, ReadTimeout: answerTimeout}
	go func() { _ = e.server.Serve(l) }() // until Close
	return e, nil
}

// Close ends it.
func (e *Ear) Close() error { return e.server.Close() }

// URL is where the server that is checked reaches it.
func (e *Ear) URL() string { return e.url }

// ServeHTTP keeps a call.
func (e *Ear) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxHeard))
	if err != nil || r.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.calls) < maxCalls {
		e.calls = append(e.calls, heard{r.URL.Path, body})
	}
	close(e.changed)
	e.changed = make(chan struct{})
}

// await waits for a call whose path ends, and whose body holds, as is said; either may be empty.
func (e *Ear) await(ctx context.Context, limit time.Duration, path, holds string) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		e.mu.Lock()
		changed := e.changed
		for _, h := range e.calls {
			if strings.HasSuffix(h.path, path) && bytes.Contains(h.body, []byte(holds)) {
				e.mu.Unlock()
				return nil
			}
		}
		e.mu.Unlock()
		select {
		case <-ctx.Done():
			return errors.New("no such call came in " + limit.String())
		case <-changed:
		}
	}
}

// anEar is what checks need that wait for a call.
func anEar(o Options) string {
	if o.Ear == nil {
		return "--listen"
	}
	return ""
}
