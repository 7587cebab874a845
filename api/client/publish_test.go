package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// script is a server that gives prepared answers, the last one again and again, and keeps what it was asked.
type script struct {
	answers []answer
	asked   []*http.Request
	bodies  []string
	times   []time.Time
}

// answer is a response, or a lost one if its status is 0.
type answer struct {
	status int
	header http.Header
	body   string
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	s.asked, s.bodies, s.times = append(s.asked, r), append(s.bodies, body), append(s.times, time.Now())
	a := s.answers[min(len(s.asked), len(s.answers))-1]
	if a.status == 0 {
		return nil, errors.New("connection reset by peer")
	}
	if a.header == nil {
		a.header = http.Header{"Content-Type": {"application/json"}}
	}
	return &http.Response{StatusCode: a.status, Header: a.header, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

func (s *script) client() *client.Client {
	return client.New(client.Options{
		Servers: []string{"https://crier.example.org/"}, HTTPClient: &http.Client{Transport: s}, Token: client.Static(rooms.NewSecret("t0ken")),
	})
}

func problem(status int, code v1.ProblemCode, extra ...string) answer {
	h := http.Header{"Content-Type": {"application/problem+json; charset=utf-8"}}
	for i := 0; i+1 < len(extra); i += 2 {
		h.Set(extra[i], extra[i+1])
	}
	return answer{status, h, `{"type":"urn:x","title":"T","status":503,"code":"` + string(code) + `","detail":"D","requestId":"R"}`}
}

const receipt = `{"response":"Message received","umid":"01KAMVJVG0ZJ2C5YD3GZ7A8Q4M","room":"newborn","receivedAt":"2026-11-22T08:00:00.123Z","later":"added"}`

func message() v1.Publish {
	return v1.Publish{TransactionID: "tx-1", Type: "reminder", Content: v1.Text{Text: "Please come"}}
}

func TestPublishRepeatsTheSameBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{{}, problem(503, v1.ProblemCodeUnavailable), {status: 502}, {status: 202, body: receipt}}}
		got, err := s.client().Publish(t.Context(), "newborn", message())
		if err != nil || got.UMID != "01KAMVJVG0ZJ2C5YD3GZ7A8Q4M" {
			t.Fatalf("got %v, %v", got, err)
		}
		if len(s.bodies) != 4 {
			t.Fatalf("asked %d times, want 4", len(s.bodies))
		}
		for i, body := range s.bodies {
			if body != `{"content":{"text":"Please come"},"transactionId":"tx-1","type":"reminder"}` {
				t.Errorf("attempt %d sent %s", i+1, body)
			}
		}
		if r := s.asked[3]; r.URL.String() != "https://crier.example.org/v1/rooms/newborn/messages" || r.Header.Get("Authorization") != "Bearer t0ken" {
			t.Errorf("asked %s with %v", r.URL, r.Header)
		}
	})
}

func TestPublishWaitsAsLongAsItIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{problem(503, v1.ProblemCodeQueueFull, "Retry-After", "7"), {status: 202, body: receipt}}}
		if _, err := s.client().Publish(t.Context(), "newborn", message()); err != nil {
			t.Fatal(err)
		}
		if waited := s.times[1].Sub(s.times[0]); waited != 7*time.Second {
			t.Errorf("waited %s, want 7s", waited)
		}
	})
}

func TestPublishGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{problem(503, v1.ProblemCodeUnavailable)}}
		began := time.Now()
		_, err := s.client().Publish(t.Context(), "newborn", message())
		var p *client.Problem
		if !errors.As(err, &p) || p.Code != v1.ProblemCodeUnavailable {
			t.Fatalf("got %v, want the last problem", err)
		}
		if took := time.Since(began); took > 30*time.Second || took < 20*time.Second {
			t.Errorf("tried for %s, want nearly 30s", took)
		}
		if n := len(s.asked); n < 8 || n > 30 {
			t.Errorf("asked %d times in that time", n)
		}
	})
}

func TestPublishDoesNotRepeatARefusal(t *testing.T) {
	s := &script{answers: []answer{problem(409, v1.ProblemCodeTransactionConflict)}}
	_, err := s.client().Publish(t.Context(), "newborn", message())
	var p *client.Problem
	if !errors.As(err, &p) || p.Code != v1.ProblemCodeTransactionConflict || p.Status != 409 || p.RequestID != "R" {
		t.Fatalf("got %v", err)
	}
	if len(s.asked) != 1 {
		t.Errorf("asked %d times, want once", len(s.asked))
	}
}

func TestPublishEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{problem(503, v1.ProblemCodeUnavailable)}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if _, err := s.client().Publish(ctx, "newborn", message()); err == nil {
			t.Fatal("no error")
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("went on for %s", took)
		}
	})
}
