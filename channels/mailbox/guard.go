package mailbox

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// maxSources is how many are known before those are forgotten that are quiet.
const maxSources = 10_000

// guard keeps one source, and all together, from taking what is for everybody.
type guard struct {
	options Options
	trusted []netip.Prefix
	now     func() time.Time

	mu      sync.Mutex
	open    int
	sources map[netip.Prefix]*source
}

// source is an address, of IPv6 a network that one customer has.
type source struct {
	open int
	left float64 // mails that may come at once
	at   time.Time
}

func newGuard(o Options, now func() time.Time) *guard {
	g := &guard{options: o, now: now, sources: map[netip.Prefix]*source{}}
	for _, n := range o.Trusted {
		if p, err := netip.ParsePrefix(n); err == nil {
			g.trusted = append(g.trusted, p)
		}
	}
	return g
}

// enter says whether a connection may be opened; leave is to follow.
func (g *guard) enter(from net.Addr) bool {
	key, free := g.key(from)
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.source(key)
	if g.open >= g.options.MaxConnections || !free && s.open >= g.options.MaxConnectionsPerSource {
		return false
	}
	g.open++
	s.open++
	return true
}

func (g *guard) leave(from net.Addr) {
	key, _ := g.key(from)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open--
	g.source(key).open--
}

// mail says whether a source may bring another one now.
func (g *guard) mail(from net.Addr) bool {
	key, free := g.key(from)
	g.mu.Lock()
	defer g.mu.Unlock()
	s, now, limit := g.source(key), g.now(), float64(g.options.MailsPerMinute)
	s.left = min(limit, s.left+limit*now.Sub(s.at).Minutes())
	s.at = now
	if free {
		return true
	}
	if s.left < 1 {
		return false
	}
	s.left--
	return true
}

func (g *guard) source(key netip.Prefix) *source {
	s, known := g.sources[key]
	if !known {
		if len(g.sources) >= maxSources {
			g.forget()
		}
		s = &source{left: float64(g.options.MailsPerMinute), at: g.now()}
		g.sources[key] = s
	}
	return s
}

// forget drops sources without a connection.
func (g *guard) forget() {
	for key, s := range g.sources {
		if s.open == 0 {
			delete(g.sources, key)
		}
	}
}

// key tells sources apart, and says whether one is of our own.
func (g *guard) key(from net.Addr) (netip.Prefix, bool) {
	at, err := netip.ParseAddrPort(from.String())
	if err != nil {
		return netip.Prefix{}, false
	}
	ip, bits := at.Addr().Unmap(), 32
	if ip.Is6() {
		bits = 64
	}
	free := false
	for _, n := range g.trusted {
		free = free || n.Contains(ip)
	}
	p, _ := ip.WithZone("").Prefix(bits)
	return p, free
}

// gate is a listener that lets in what the guard does.
type gate struct {
	net.Listener
	guard *guard
}

// Accept gives the next connection. Others are told to come later.
func (g gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if g.guard.enter(c.RemoteAddr()) {
			return &guarded{Conn: c, guard: g.guard, end: time.Now().Add(g.guard.options.SessionTimeout)}, nil
		}
		_ = c.SetDeadline(time.Now().Add(time.Second))
		_, _ = c.Write([]byte("421 4.7.0 Too many connections, try again later\r\n"))
		_ = c.Close()
	}
}

// guarded is a connection that ends in time.
type guarded struct {
	net.Conn
	guard *guard
	end   time.Time
	once  sync.Once
}

// SetReadDeadline sets none that is later than the end.
func (c *guarded) SetReadDeadline(t time.Time) error {
	if t.IsZero() || t.After(c.end) {
		t = c.end
	}
	return c.Conn.SetReadDeadline(t)
}

// Close tells the guard.
func (c *guarded) Close() error {
	c.once.Do(func() { c.guard.leave(c.RemoteAddr()) })
	return c.Conn.Close()
}
