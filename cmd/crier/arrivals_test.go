package main

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/rooms"
)

// arrivals is where the sandbox hands over its deliveries: it keeps them in the order of their coming, and answers when
// and what it is told to.
type arrivals struct {
	url    string
	answer func(arrival) (status int)

	mu  sync.Mutex
	all []arrival
}

type arrival struct {
	UMID    string     `json:"umid"`
	To      string     `json:"to"`
	Attempt int        `json:"attempt"`
	Lane    rooms.Lane `json:"lane"`
}

// newArrivals takes everything, unless answer is given.
func newArrivals(t *testing.T, answer func(arrival) int) *arrivals {
	t.Helper()
	a := &arrivals{answer: answer}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

func (a *arrivals) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var d arrival
	if err := json.UnmarshalRead(r.Body, &d); err != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	a.all = append(a.all, d)
	a.mu.Unlock()
	if a.answer != nil {
		w.WriteHeader(a.answer(d))
	}
}

// list is what has come so far.
func (a *arrivals) list() []arrival {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.all)
}

func (a *arrivals) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.all)
}

// of is what has come so far for a message.
func (a *arrivals) of(umid string) []arrival {
	return slices.DeleteFunc(a.list(), func(d arrival) bool { return d.UMID != umid })
}
