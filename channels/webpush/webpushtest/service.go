package webpushtest

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Service is a push service. The path of a subscription says how it answers: /410/… by the status 410, /silent/… not at all.
type Service struct {
	*httptest.Server
	release chan struct{}

	mu       sync.Mutex
	browsers map[string]*Browser // by path
	pushes   []Push
	asked    map[string]int
	wire     bytes.Buffer
	faults   []string
}

// Push is what came in for a subscription, and was good.
type Push struct {
	Path   string
	Header http.Header
	Body   []byte // encrypted
	Text   string // what the browser makes of it
	Claims string // of the token, JSON
}

// New starts a service, which ends with the test.
func New(t *testing.T) *Service {
	t.Helper()
	s := &Service{release: make(chan struct{}), browsers: map[string]*Browser{}, asked: map[string]int{}}
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(func() {
		close(s.release)
		s.Close()
		for _, fault := range s.faults {
			t.Error("push service: " + fault)
		}
	})
	return s
}

// Authority is a file with the service's certificate.
func (s *Service) Authority(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "push-ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Subscribe makes a browser with a subscription at a path.
func (s *Service) Subscribe(t *testing.T, path string) *Browser {
	t.Helper()
	b, err := newBrowser(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.browsers[path] = b
	return b
}

// Pushes are what was taken, in order.
func (s *Service) Pushes() []Push {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Push(nil), s.pushes...)
}

// Waiting are the texts that a browser gets that comes by now: of those with one topic the last (RFC 8030 §5.4).
func (s *Service) Waiting(path string) []string {
	var texts []string
	at := map[string]int{}
	for _, p := range s.Pushes() {
		if p.Path != path {
			continue
		}
		topic := p.Header.Get("Topic")
		if i, ok := at[topic]; ok && topic != "" {
			texts[i] = p.Text
			continue
		}
		at[topic] = len(texts)
		texts = append(texts, p.Text)
	}
	return texts
}

// Asked is how many calls there were at a path, whatever came of them.
func (s *Service) Asked(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

// Wire are the bytes that came in.
func (s *Service) Wire() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.wire.Bytes())
}

// ServeHTTP takes a push.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	_ = r.Header.Write(&s.wire)
	s.wire.Write(body)
	b := s.browsers[r.URL.Path]
	s.asked[r.URL.Path]++
	s.mu.Unlock()
	status := http.StatusCreated
	_, _ = fmt.Sscanf(r.URL.Path, "/%d/", &status)
	switch {
	case strings.HasPrefix(r.URL.Path, "/silent/"):
		<-s.release
		return
	case b == nil:
		status = http.StatusNotFound
	case status/100 == 2:
		status = s.take(b, r, body)
	}
	w.Header().Set("Location", s.URL+"/message/canarylocation")
	w.Header().Set("Retry-After", "120")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "canaryanswer "+r.URL.Path)
}

// take looks at a push as RFC 8030 §5, RFC 8291 §4 and RFC 8292 §4.2 say.
func (s *Service) take(b *Browser, r *http.Request, body []byte) int {
	fault := func(status int, what string) int {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.faults = append(s.faults, what)
		return status
	}
	if len(body) > 4096 {
		return fault(http.StatusRequestEntityTooLarge, fmt.Sprintf("%d bytes", len(body)))
	}
	claims, err := verify(r.Header.Get("Authorization"), s.URL, b.Key)
	if err != nil {
		if b.Key == "" {
			_ = fault(0, err.Error())
		}
		return http.StatusForbidden
	}
	if r.Method != http.MethodPost || r.Header.Get("Content-Encoding") != "aes128gcm" || r.Header.Get("TTL") == "" || !topical(r.Header.Get("Topic")) {
		return fault(http.StatusBadRequest, fmt.Sprintf("%s %v", r.Method, r.Header))
	}
	text, err := b.open(body)
	if err != nil {
		return fault(http.StatusCreated, err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pushes = append(s.pushes, Push{r.URL.Path, r.Header, body, text, claims})
	return http.StatusCreated
}

// topical holds for a topic, RFC 8030 §5.4.
func topical(s string) bool {
	_, err := base64.RawURLEncoding.DecodeString(s)
	return err == nil && len(s) <= 32
}
