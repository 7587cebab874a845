package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

// stage is several servers by host name, in the time of the test, with what each does and when it was asked.
type stage struct {
	mu  sync.Mutex
	act map[string]func(context.Context) answer
	log []call
}

type call struct {
	host string
	when time.Time
}

func (s *stage) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.log = append(s.log, call{host: r.URL.Host, when: time.Now()})
	act := s.act[r.URL.Host]
	s.mu.Unlock()
	a := act(r.Context())
	if a.status == 0 {
		return nil, errors.Join(errors.New("no answer"), r.Context().Err())
	}
	h := a.header
	if h == nil {
		h = http.Header{"Content-Type": {"application/json"}}
	}
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

func (s *stage) client(hosts ...string) *client.Client {
	var servers []string
	for _, h := range hosts {
		servers = append(servers, "https://"+h)
	}
	return client.New(client.Options{Servers: servers, HTTPClient: &http.Client{Transport: s}})
}

// calls are the hosts in the order in which they were asked, since the last time that one wanted to know.
func (s *stage) calls() (hosts []string, times []time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.log {
		hosts, times = append(hosts, c.host), append(times, c.when)
	}
	s.log = nil
	return hosts, times
}

func (s *stage) set(host string, act func(context.Context) answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.act[host] = act
}

func gives(a answer) func(context.Context) answer { return func(context.Context) answer { return a } }

// hangs answers after a time, or not within that of the caller.
func hangs(d time.Duration, then answer) func(context.Context) answer {
	return func(ctx context.Context) answer {
		select {
		case <-time.After(d):
			return then
		case <-ctx.Done():
			return answer{}
		}
	}
}

func accepted() answer { return answer{status: 202, body: receipt} }

func publish(t *testing.T, c *client.Client) {
	t.Helper()
	if _, err := c.Publish(t.Context(), "newborn", message()); err != nil {
		t.Error(err)
	}
}

func TestEveryServerIsAskedBeforeThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unavailable := gives(problem(503, v1.ProblemCodeUnavailable))
		s := &stage{act: map[string]func(context.Context) answer{"a": unavailable, "b": unavailable, "c": unavailable}}
		if _, err := s.client("a", "b", "c").Publish(t.Context(), "newborn", message()); err == nil {
			t.Fatal("no error")
		}
		hosts, times := s.calls()
		if len(hosts) < 12 || times[2] != times[0] || times[3] == times[0] || times[5] != times[3] {
			t.Errorf("asked %v at %v", hosts, times)
		}
		if first := map[string]bool{hosts[0]: true, hosts[1]: true, hosts[2]: true}; len(first) != 3 {
			t.Errorf("asked %v first", hosts[:3])
		}
	})
}

// A server that asks for time gets it, while the others are tried.
func TestEachServerGetsTheTimeThatItAsksFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{act: map[string]func(context.Context) answer{
			"a": gives(problem(503, v1.ProblemCodeNotReady, "Retry-After", "9")), "b": gives(answer{}),
		}}
		began := time.Now()
		go func() {
			time.Sleep(8 * time.Second) // of the test's own time
			s.set("b", gives(accepted()))
		}()
		publish(t, s.client("a", "b"))
		hosts, times := s.calls()
		var last time.Time
		for i, h := range hosts {
			if h == "a" && times[i].Sub(last) < 9*time.Second {
				t.Errorf("asked %v: the one that had asked for time did not get it", hosts)
			}
			if h == "a" {
				last = times[i]
			}
		}
		if took := time.Since(began); took < 8*time.Second || took > 13*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

// Too many requests is said to the client, not by a node of itself.
func TestTooManyRequestsIsNoReasonToTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		many := gives(answer{429, http.Header{"Retry-After": {"4"}}, ""})
		s := &stage{act: map[string]func(context.Context) answer{"a": many, "b": many}}
		go func() {
			time.Sleep(3 * time.Second)
			s.set("a", gives(accepted()))
			s.set("b", gives(accepted()))
		}()
		publish(t, s.client("a", "b"))
		if hosts, times := s.calls(); len(hosts) != 2 || hosts[0] != hosts[1] || times[1].Sub(times[0]) != 4*time.Second {
			t.Errorf("asked %v at %v", hosts, times)
		}
	})
}

// A server that hangs costs one short attempt now and then, not the whole time, and not everybody.
func TestServerThatHangsCostsLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never := hangs(time.Hour, answer{})
		s := &stage{act: map[string]func(context.Context) answer{"a": gives(accepted()), "b": gives(accepted())}}
		c := s.client("a", "b")
		publish(t, c)
		hosts, _ := s.calls()
		home := hosts[0]
		s.set(home, never)
		began := time.Now()
		publish(t, c)
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("the first publish took %s", took)
		}
		var lost time.Duration
		for time.Since(began) < time.Minute {
			before := time.Now()
			publish(t, c)
			lost += time.Since(before)
			time.Sleep(100 * time.Millisecond)
		}
		if lost > 5*time.Second {
			t.Errorf("after that, %s of a minute were spent on a server that hangs", lost)
		}
	})
}

// Once a server is back, one call finds that out, and then all go there again.
func TestComesBackToTheServerItPrefers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{act: map[string]func(context.Context) answer{"a": gives(accepted()), "b": gives(accepted())}}
		c := s.client("a", "b")
		publish(t, c)
		hosts, _ := s.calls()
		home := hosts[0]
		s.set(home, gives(answer{}))
		publish(t, c)
		s.calls()
		s.set(home, hangs(time.Second, accepted()))
		time.Sleep(time.Minute)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { publish(t, c) })
		}
		wg.Wait()
		hosts, _ = s.calls()
		if n := strings.Count(strings.Join(hosts, ""), home); n != 1 || len(hosts) != 20 {
			t.Errorf("%d of %d calls were for the one that was to be tried", n, len(hosts))
		}
		publish(t, c)
		if hosts, _ := s.calls(); hosts[0] != home {
			t.Error("did not come back")
		}
	})
}

// A request that takes its time to be sent, or to be answered, is cut short at first and given more with each pass.
func TestSlowServerIsGivenMoreTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{act: map[string]func(context.Context) answer{"a": hangs(10*time.Second, accepted())}}
		publish(t, s.client("a"))
		if hosts, _ := s.calls(); len(hosts) != 3 {
			t.Errorf("asked %d times, for 3s, 6s and 12s at most", len(hosts))
		}
	})
}

// What only reads has one chance with each server; the last one gets the whole time.
func TestLastServerGetsTheWholeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := hangs(20*time.Second, answer{status: 200, body: `{"name":"newborn"}`})
		s := &stage{act: map[string]func(context.Context) answer{"a": slow, "b": slow}}
		began := time.Now()
		if _, err := s.client("a", "b").Room(t.Context(), "newborn"); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 23*time.Second {
			t.Errorf("took %s, want 3s and 20s", took)
		}
	})
}

// Below zero, RetryFor asks each server once.
func TestPublishTriesOnceEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{act: map[string]func(context.Context) answer{"a": gives(answer{}), "b": gives(answer{})}}
		c := client.New(client.Options{
			Servers: []string{"https://a", "https://b"}, HTTPClient: &http.Client{Transport: s}, RetryFor: -1,
		})
		if _, err := c.Publish(t.Context(), "newborn", message()); err == nil {
			t.Error("no error")
		}
		if hosts, _ := s.calls(); len(hosts) != 2 || hosts[0] == hosts[1] {
			t.Errorf("asked %v", hosts)
		}
	})
}
