package outbound

import (
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	mostSilent = 8                // calls in a row that a host lets run out of time
	rest       = 30 * time.Second // for which it is then left alone
	mostHosts  = 10_000           // silent ones that are remembered
)

// hosts remembers which hosts do not answer in time, so that who waits for one of them does not keep
// the calls to all the others waiting.
type hosts struct {
	mu     sync.Mutex
	silent map[string]silence
}

type silence struct {
	calls int
	until time.Time // no call before, once there have been too many
}

func newHosts() *hosts { return &hosts{silent: map[string]silence{}} }

// may says whether a host may be called. After a rest one call finds out; the others wait for it.
func (h *hosts) may(host string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.silent[host]
	if s.calls < mostSilent {
		return true
	}
	if now.Before(s.until) {
		return false
	}
	s.until = now.Add(rest)
	h.silent[host] = s
	return true
}

// note keeps whether a call has run out of time.
func (h *hosts) note(host string, late bool, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, known := h.silent[host]
	switch {
	case !late:
		delete(h.silent, host)
	case known || len(h.silent) < mostHosts:
		h.silent[host] = silence{s.calls + 1, now.Add(rest)}
	}
}

// host names whom a URL calls, in lower case and with the port: however it is spelled, it is one.
func host(u *url.URL) string {
	port, _ := portOf(u) // one that is none is refused elsewhere
	return net.JoinHostPort(strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), strconv.Itoa(int(port)))
}
