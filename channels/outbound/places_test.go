package outbound

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/channels/lanes"
	"github.com/govcrier/crier/rooms"
)

// busyHost answers once it is let go, and notes who has called.
type busyHost struct {
	*testing.T
	*httptest.Server
	client *Client
	letGo  func()

	mu     sync.Mutex
	called []string
}

func startBusy(t *testing.T, o Options) *busyHost {
	t.Helper()
	h, held := &busyHost{T: t}, make(chan struct{})
	h.letGo = sync.OnceFunc(func() { close(held) })
	h.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.called = append(h.called, r.Header.Get(HeaderID))
		h.mu.Unlock()
		<-held
	}))
	t.Cleanup(func() { h.letGo(); h.Close() })
	o.Allow, o.Ports, o.Concurrency = []string{"127.0.0.0/8"}, []int{AnyPort}, 1
	var err error
	if h.client, err = New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.client.Close)
	return h
}

func (h *busyHost) call(ctx context.Context, l rooms.Lane) Answer { return h.callAt(ctx, h.URL, l) }

func (h *busyHost) callAt(ctx context.Context, url string, l rooms.Lane) Answer {
	to, err := rooms.ParseURL(url)
	if err != nil {
		h.Error(err)
	}
	return h.client.Post(ctx, Call{To: to, Lane: l, ID: string(l), Kind: "text/plain"})
}

// busy waits until the one connection is taken and so many wait for it.
func (h *busyHost) busy(waiting int) {
	h.Helper()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(time.Millisecond) {
		h.mu.Lock()
		called := len(h.called)
		h.mu.Unlock()
		if called == 1 && h.client.places.Waiting() == waiting {
			return
		}
		if time.Now().After(end) {
			h.Fatalf("%d have called and %d wait, want 1 and %d", called, h.client.places.Waiting(), waiting)
		}
	}
}

// Of what waits for a connection to a service an emergency has the next that is free, though all others came before.
func TestEmergencyHasTheNextConnection(t *testing.T) {
	h := startBusy(t, Options{OneService: true, Timeout: time.Minute})
	var all sync.WaitGroup
	for n, lane := range []rooms.Lane{rooms.Normal, rooms.Bulk, rooms.Normal, rooms.Bulk, rooms.Emergency} {
		all.Go(func() {
			if a := h.call(t.Context(), lane); !a.OK() {
				t.Errorf("%s: %+v", lane, a)
			}
		})
		h.busy(n)
	}
	h.letGo()
	all.Wait()
	if want := []string{"normal", "emergency", "normal", "bulk", "bulk"}; !slices.Equal(h.called, want) {
		t.Errorf("called %q, want %q", h.called, want)
	}
}

// To wait for a connection is no time of the call's: the host has not been silent, and who waits in vain is told to come again.
func TestBusyHostIsNotSilent(t *testing.T) {
	h := startBusy(t, Options{Timeout: time.Minute})
	var first sync.WaitGroup
	first.Go(func() { h.call(t.Context(), rooms.Normal) })
	h.busy(0)
	for range mostSilent {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		a := h.call(ctx, rooms.Emergency)
		cancel()
		if full := (*lanes.Full)(nil); !errors.As(a.Err, &full) || a.Late || a.Taken || a.Final() || a.RetryAfter < time.Second || a.Code() != "busy" {
			t.Errorf("%+v", a)
		}
	}
	h.letGo()
	first.Wait()
	if a := h.call(t.Context(), rooms.Normal); !a.OK() {
		t.Errorf("then: %+v", a)
	}
}

// A host is one however it is spelled.
func TestHostIsOneHoweverItIsSpelled(t *testing.T) {
	for spelled, want := range map[string]string{
		"https://example.org/a": "example.org:443", "https://Example.ORG/b": "example.org:443", "https://example.org:443": "example.org:443",
		"https://example.org.": "example.org:443", "https://example.org:8443": "example.org:8443", "http://example.org": "example.org:80",
		"http://example.org:080": "example.org:80", "https://[2001:DB8::1]": "[2001:db8::1]:443",
	} {
		u, err := url.Parse(spelled)
		if err != nil {
			t.Fatal(err)
		}
		if got := host(u); got != want {
			t.Errorf("%s is %s, want %s", spelled, got, want)
		}
	}
}

// Calls to a host share its places, however they spell it.
func TestSpellingGainsNoPlace(t *testing.T) {
	h := startBusy(t, Options{Timeout: time.Minute})
	_, port, _ := strings.Cut(strings.TrimPrefix(h.URL, "http://"), ":")
	var all sync.WaitGroup
	for n, name := range []string{"localhost", "LocalHost"} {
		at := "http://" + name + ":" + port
		all.Go(func() {
			if a := h.callAt(t.Context(), at, rooms.Emergency); !a.OK() {
				t.Errorf("%s: %+v", at, a)
			}
		})
		h.busy(n)
	}
	h.letGo()
	all.Wait()
}
