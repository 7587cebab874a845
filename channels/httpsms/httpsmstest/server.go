package httpsmstest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// What the server knows.
const (
	Key       = "correct horse battery staple" // as a bearer token
	Signing   = "what the provider signs with"
	Signature = "X-Acme-Signature" // hex, behind v1=: HMAC-SHA-256 of timestamp, "." and body
	Stamp     = "X-Acme-Timestamp"
)

// patience is for how long the server comes again.
const patience = 10 * time.Second

// Message is what it wants to be sent, as JSON.
type Message struct {
	To       string `json:"to"`
	From     string `json:"from"`
	Text     string `json:"text"`
	Ref      string `json:"ref"`
	Encoding string `json:"encoding"`
	Minutes  int    `json:"minutes"`
	Callback string `json:"callback"`
}

// Server is the provider.
type Server struct {
	*httptest.Server
	tb testing.TB

	mu       sync.Mutex
	wire     bytes.Buffer
	requests []*http.Request
	bodies   [][]byte
	ids      map[string]string // by reference: what comes twice is sent once
	calls    sync.WaitGroup
	done     chan struct{}
}

// New starts one.
func New(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{tb: tb, ids: map[string]string{}, done: make(chan struct{})}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	tb.Cleanup(func() {
		close(s.done)
		s.CloseClientConnections()
		s.Close()
		s.calls.Wait()
	})
	return s
}

// Wire is all that has been received.
func (s *Server) Wire() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.wire.Bytes())
}

// Last is the latest request, with its body.
func (s *Server) Last() (*http.Request, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.requests) == 0 {
		s.tb.Fatal("httpsmstest: no request has come")
	}
	return s.requests[len(s.requests)-1], s.bodies[len(s.bodies)-1]
}

// Count is how many requests have come.
func (s *Server) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	fmt.Fprintf(&s.wire, "%s %s\r\n", r.Method, r.URL)
	_ = r.Header.Write(&s.wire)
	s.wire.Write(body)
	s.requests, s.bodies = append(s.requests, r), append(s.bodies, body)
	s.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+Key {
		http.Error(w, `{"error":{"code":"unauthorized"}}`, http.StatusUnauthorized)
		return
	}
	var m Message
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if d.Decode(&m) != nil || m.To == "" || m.Text == "" {
		answer(w, http.StatusBadRequest, `{"error":{"code":"malformed"}}`)
		return
	}
	s.act(w, r, m)
}

func (s *Server) act(w http.ResponseWriter, r *http.Request, m Message) {
	switch m.To[max(len(m.To)-2, 0):] {
	case "01":
		answer(w, http.StatusInternalServerError, `{"error":{"code":"internal"}}`)
	case "02":
		w.Header().Set("Retry-After", "7")
		answer(w, http.StatusTooManyRequests, `{"error":{"code":"slow-down"}}`)
	case "03":
		answer(w, http.StatusBadRequest, fmt.Sprintf(`{"error":{"code":"bad-number","detail":"%s is no number: %s"}}`, m.To, "what?"))
	case "04":
		answer(w, http.StatusBadRequest, `{"error":{"code":"stopped"}}`)
	case "05":
		select {
		case <-r.Context().Done():
		case <-s.done:
		}
	case "06":
		panic(http.ErrAbortHandler)
	case "07":
		_, _ = io.WriteString(w, "<html>Welcome to our hotel "+m.To+"</html>")
	case "08":
		answer(w, http.StatusOK, `{"id":"`+strings.Repeat("x", 1<<20)+`"}`)
	case "09":
		s.accept(w, m, "undelivered")
	case "10":
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	case "12", "13":
		w.Header().Set("Content-Length", "100")
		answer(w, http.StatusOK, `{"id":"acme-`)
		_ = http.NewResponseController(w).Flush()
		if strings.HasSuffix(m.To, "13") {
			panic(http.ErrAbortHandler)
		}
		select {
		case <-r.Context().Done():
		case <-s.done:
		}
	default:
		s.accept(w, m, "delivered")
	}
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func (s *Server) accept(w http.ResponseWriter, m Message, status string) {
	s.mu.Lock()
	id, known := s.ids[m.Ref]
	if !known {
		id = "acme-" + strconv.Itoa(len(s.ids)+1)
		s.ids[m.Ref] = id
	}
	s.mu.Unlock()
	answer(w, http.StatusCreated, `{"id":"`+id+`"}`)
	if m.Callback == "" {
		return
	}
	s.calls.Go(func() {
		body := fmt.Sprintf(`{"events":[{"id":%q,"state":"sent"},{"id":%q,"state":%q,"error":{"number":30003}}]}`, id, id, status)
		for end := time.Now().Add(patience); time.Now().Before(end); {
			if s.Call(m.Callback, body) < 300 {
				return
			}
			select {
			case <-s.done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
}

// Call calls an inlet with a signed body, and gives the status of its answer; 599 if there was none.
func (s *Server) Call(at, body string) int { return Post(at, body, Sign(Signing, time.Now(), body)) }

// Sign gives the headers of a call.
func Sign(key string, now time.Time, body string) http.Header {
	stamp := strconv.FormatInt(now.Unix(), 10)
	h := hmac.New(sha256.New, []byte(key))
	_, _ = io.WriteString(h, stamp+"."+body)
	return http.Header{Stamp: {stamp}, Signature: {"v1=" + hex.EncodeToString(h.Sum(nil))}, "Content-Type": {"application/json"}}
}

// Post makes a call as it stands.
func Post(at, body string, header http.Header) int {
	r, err := http.NewRequest(http.MethodPost, at, strings.NewReader(body))
	if err != nil {
		return 599
	}
	r.Header = header
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return 599
	}
	defer w.Body.Close()
	_, _ = io.Copy(io.Discard, w.Body)
	return w.StatusCode
}
