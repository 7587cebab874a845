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
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/channels/channelstest/stub"
)

// What the server knows.
const (
	Key       = "correct horse battery staple" // as a bearer token
	Signing   = "what the provider signs with"
	Signature = "X-Acme-Signature" // hex, behind v1=: HMAC-SHA-256 of timestamp, "." and body
	Stamp     = "X-Acme-Timestamp"
)

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
	*stub.Server
	tb testing.TB

	mu       sync.Mutex
	requests []*http.Request
	bodies   [][]byte
	ids      map[string]string // by reference: what comes twice is sent once
}

// New starts one.
func New(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{tb: tb, ids: map[string]string{}}
	s.Server = stub.Start(s.serve)
	tb.Cleanup(s.Stop)
	return s
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

func (s *Server) serve(w http.ResponseWriter, r *http.Request, body []byte) {
	s.mu.Lock()
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
		stub.Answer(w, http.StatusBadRequest, `{"error":{"code":"malformed"}}`)
		return
	}
	s.act(w, r, m)
}

func (s *Server) act(w http.ResponseWriter, r *http.Request, m Message) {
	switch m.To[max(len(m.To)-2, 0):] {
	case "01":
		stub.Answer(w, http.StatusInternalServerError, `{"error":{"code":"internal"}}`)
	case "02":
		w.Header().Set("Retry-After", "7")
		stub.Answer(w, http.StatusTooManyRequests, `{"error":{"code":"slow-down"}}`)
	case "03":
		stub.Answer(w, http.StatusBadRequest, fmt.Sprintf(`{"error":{"code":"bad-number","detail":"%s is no number: %s"}}`, m.To, "what?"))
	case "04":
		stub.Answer(w, http.StatusBadRequest, `{"error":{"code":"stopped"}}`)
	case "05":
		s.Hang(r)
	case "06":
		panic(http.ErrAbortHandler)
	case "07":
		_, _ = io.WriteString(w, "<html>Welcome to our hotel "+m.To+"</html>")
	case "08":
		stub.Answer(w, http.StatusOK, `{"id":"`+strings.Repeat("x", 1<<20)+`"}`)
	case "09":
		s.accept(w, m, "undelivered")
	case "10":
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	case "12", "13":
		w.Header().Set("Content-Length", "100")
		stub.Answer(w, http.StatusOK, `{"id":"acme-`)
		_ = http.NewResponseController(w).Flush()
		if strings.HasSuffix(m.To, "13") {
			panic(http.ErrAbortHandler)
		}
		s.Hang(r)
	default:
		s.accept(w, m, "delivered")
	}
}

func (s *Server) accept(w http.ResponseWriter, m Message, status string) {
	s.mu.Lock()
	id, known := s.ids[m.Ref]
	if !known {
		id = "acme-" + strconv.Itoa(len(s.ids)+1)
		s.ids[m.Ref] = id
	}
	s.mu.Unlock()
	stub.Answer(w, http.StatusCreated, `{"id":"`+id+`"}`)
	if m.Callback == "" {
		return
	}
	body := fmt.Sprintf(`{"events":[{"id":%q,"state":"sent"},{"id":%q,"state":%q,"error":{"number":30003}}]}`, id, id, status)
	s.Insist(func() int { return s.Call(m.Callback, body) })
}

// Call calls an inlet with a signed body, and gives the status of its answer; 599 if there was none.
func (s *Server) Call(at, body string) int {
	return stub.Post(at, body, Sign(Signing, time.Now(), body))
}

// Sign gives the headers of a call.
func Sign(key string, now time.Time, body string) http.Header {
	stamp := strconv.FormatInt(now.Unix(), 10)
	h := hmac.New(sha256.New, []byte(key))
	_, _ = io.WriteString(h, stamp+"."+body)
	return http.Header{Stamp: {stamp}, Signature: {"v1=" + hex.EncodeToString(h.Sum(nil))}}
}
