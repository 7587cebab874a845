package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// thinking is a client's pause between two messages, so that what waits to be sent stays little
// and every restart comes to the point.
const thinking = 20 * time.Millisecond

// load publishes from several clients. What was not acknowledged is tried again
// with the same transaction id, as a client would, until it is.
type load struct {
	now     atomic.Pointer[gateway]
	stopped atomic.Bool
	clients sync.WaitGroup
	next    atomic.Int64

	mu       sync.Mutex
	receipts map[string]string // UMID by transaction id
	want     []delivery
	faults   []string
}

func newLoad(t testing.TB, clients int) *load {
	t.Helper()
	l := &load{receipts: map[string]string{}}
	t.Cleanup(l.finish)
	for range clients {
		l.clients.Go(func() {
			for !l.stopped.Load() {
				l.publish(int(l.next.Add(1)))
				<-time.After(thinking)
			}
		})
	}
	return l
}

// at points the clients at a gateway.
func (l *load) at(g *gateway) { l.now.Store(g) }

// finish lets every client have its last message acknowledged.
func (l *load) finish() {
	l.stopped.Store(true)
	l.clients.Wait()
}

// publish sends message n, to one to three people who get no other, until it is acknowledged.
func (l *load) publish(n int) {
	to := recipientsOf(n)
	body := publishBody(fmt.Sprintf("tx-%d", n), to)
	end := time.Now().Add(3 * time.Minute)
	for time.Now().Before(end) {
		umid, again, fault := l.try(body)
		if again {
			<-time.After(20 * time.Millisecond) // a client's pause before it tries again
			continue
		}
		l.note(umid, fmt.Sprintf("tx-%d", n), to, fault)
		return
	}
	l.note("", "", nil, fmt.Sprintf("message %d was not acknowledged in time", n))
}

// recipientsOf are those of message n.
func recipientsOf(n int) (to []string) {
	for i := range 1 + n%3 {
		to = append(to, fmt.Sprintf("+999%d%08d", 5+i, n))
	}
	return to
}

func publishBody(tx string, to []string) []byte {
	recipients := make([]map[string]string, len(to))
	for i, phone := range to {
		recipients[i] = map[string]string{"phone": phone}
	}
	body, _ := json.Marshal(map[string]any{"transactionId": tx, "type": "reminder",
		"content": map[string]string{"sms": "hello"}, "recipients": recipients})
	return body
}

// try makes one attempt; again says that the answer leaves it open.
func (l *load) try(body []byte) (umid string, again bool, fault string) {
	g := l.now.Load()
	if g == nil || g.API == "" {
		return "", true, ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.API+"/v1/rooms/"+g.Room+"/messages", bytes.NewReader(body))
	if err != nil {
		return "", false, err.Error()
	}
	request.Header.Set("Authorization", "Bearer "+g.Token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", true, ""
	}
	defer response.Body.Close()
	var answer struct{ UMID, Code string }
	err = json.NewDecoder(response.Body).Decode(&answer)
	switch {
	case err != nil || response.StatusCode == http.StatusServiceUnavailable:
		return "", true, ""
	case response.StatusCode != http.StatusOK && response.StatusCode != http.StatusAccepted:
		return "", false, fmt.Sprintf("answered %d %s", response.StatusCode, answer.Code)
	}
	return answer.UMID, false, ""
}

func (l *load) note(umid, tx string, to []string, fault string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if fault != "" {
		l.faults = append(l.faults, fault)
		return
	}
	l.receipts[tx] = umid
	for _, phone := range to {
		l.want = append(l.want, delivery{umid, phone})
	}
}

// expected lists the deliveries of all that was acknowledged.
func (l *load) expected() []delivery {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]delivery(nil), l.want...)
}

func (l *load) acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.receipts)
}

// refused are answers that no client should have got.
func (l *load) refused() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.faults...)
}
