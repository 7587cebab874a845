package drill

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

// Delivery is a message that has come to a recipient.
type Delivery struct {
	Tx      string    `json:"tx"` // the message's text
	N       int       `json:"n"`  // number of the recipient
	UMID    string    `json:"umid"`
	Attempt int       `json:"attempt"`
	At      time.Time `json:"at"`
}

// sink takes what the sandboxes of the nodes post, and keeps it.
type sink struct {
	server *http.Server
	url    string

	mu   sync.Mutex
	list []Delivery
}

// newSink listens on an address.
func newSink(address string) (*sink, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("drill: sink: %w", err)
	}
	s := &sink{url: "http://" + l.Addr().String()}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			_ = l.Close()
		}
	}()
	return s, nil
}

func (s *sink) close() error { return s.server.Close() }

// ServeHTTP answers once the delivery is in the list.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var item struct {
		UMID    string `json:"umid"`
		N       int    `json:"n"`
		Attempt int    `json:"attempt"`
		Text    string `json:"text"`
	}
	if err := json.UnmarshalRead(http.MaxBytesReader(w, r.Body, 1<<20), &item); err != nil {
		http.Error(w, "not a delivery of the sandbox", http.StatusBadRequest)
		return
	}
	d := Delivery{Tx: item.Text, N: item.N, UMID: item.UMID, Attempt: item.Attempt, At: time.Now()}
	s.mu.Lock()
	s.list = append(s.list, d)
	s.mu.Unlock()
}

// since gives what has come after the first n.
func (s *sink) since(n int) []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list[n:])
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.list)
}
