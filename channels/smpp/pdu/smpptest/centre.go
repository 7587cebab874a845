package smpptest

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govcrier/crier/channels/smpp/pdu"
)

// Options say what kind of centre it is. The zero value takes every bind and message, and delivers at once.
type Options struct {
	Password  string
	TLS       *tls.Config
	ID        func(n uint64) string // of the n-th message; decimal if nil
	ReceiptID func(n uint64) string // as receipts write it; ID if nil
	Quiet     bool                  // no receipts
	Again     time.Duration         // until what was refused for the moment is offered again; 50ms if zero
	Window    int                   // unanswered messages on a session beyond which it throttles; 0: any number
	Delay     time.Duration         // until a message is answered
	Forget    bool                  // keeps nothing of what comes, for benchmarks
}

// Rule is what becomes of messages to a destination.
type Rule struct {
	Status  pdu.Status
	Silent  bool            // takes it, and never answers
	Until   <-chan struct{} // takes it, and answers once that is closed
	State   string          // of the receipt; DELIVRD if empty
	Early   bool            // the receipt comes before the answer
	After   time.Duration   // until the receipt
	Times   int             // how often it comes; 1 if zero
	TLVOnly bool            // it is told by optional parameters alone
}

// Centre is a running one.
type Centre struct {
	options  Options
	listener net.Listener
	count    atomic.Uint64
	told     atomic.Uint64
	frozen   atomic.Bool
	refuse   atomic.Uint32

	mu        sync.Mutex
	rules     map[string]Rule
	sessions  map[*session]bool
	submitted []pdu.Message
	wire      bytes.Buffer
	binds     []pdu.Command
	unbinds   int
	most      int // unanswered messages at once, of a session
	closed    bool
	all       sync.WaitGroup
}

// Start starts one on a free port; it ends with the test.
func Start(tb testing.TB, o Options) *Centre {
	tb.Helper()
	c := &Centre{options: o, rules: map[string]Rule{}, sessions: map[*session]bool{}}
	if c.options.ID == nil {
		c.options.ID = func(n uint64) string { return fmt.Sprint(1000 + n) }
	}
	if c.options.ReceiptID == nil {
		c.options.ReceiptID = c.options.ID
	}
	if c.options.Again == 0 {
		c.options.Again = 50 * time.Millisecond
	}
	if err := c.listen("127.0.0.1:0"); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

func (c *Centre) listen(address string) (err error) {
	if c.listener, err = net.Listen("tcp", address); err != nil {
		return err
	}
	l := c.listener
	if c.options.TLS != nil {
		l = tls.NewListener(l, c.options.TLS)
	}
	c.all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.admit(conn)
		}
	})
	return nil
}

func (c *Centre) admit(conn net.Conn) {
	s := newSession(c, conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = conn.Close()
		return
	}
	c.sessions[s] = true
	c.all.Go(s.run)
}

// Close ends it.
func (c *Centre) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	_ = c.listener.Close()
	c.Drop()
	c.all.Wait()
}

// Port is where it listens on 127.0.0.1.
func (c *Centre) Port() int { return c.listener.Addr().(*net.TCPAddr).Port }

// On says what becomes of messages to a number, without +.
func (c *Centre) On(number string, r Rule) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rules[number] = r
}

// RefuseBinds answers binds with a status; OK takes them again.
func (c *Centre) RefuseBinds(s pdu.Status) { c.refuse.Store(uint32(s)) }

// Freeze leaves connections open, and neither reads nor writes: as if the other end were gone. Thawed it goes on.
func (c *Centre) Freeze(is bool) { c.frozen.Store(is) }

// Drop cuts every connection.
func (c *Centre) Drop() {
	for _, s := range c.each() {
		s.end()
	}
}

// Unbind ends every session politely.
func (c *Centre) Unbind() {
	for _, s := range c.each() {
		s.write(pdu.PDU{Command: pdu.Unbind, Sequence: s.next()})
	}
}

func (c *Centre) each() []*session {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*session
	for s := range c.sessions {
		all = append(all, s)
	}
	return all
}

// Submitted are the messages that it has taken, in their order.
func (c *Centre) Submitted() []pdu.Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]pdu.Message(nil), c.submitted...)
}

// Wire is all that it has read of messages; binds come and go by themselves.
func (c *Centre) Wire() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.wire.Bytes())
}

// Bound are the kinds of binds that stand.
func (c *Centre) Bound() (kinds []pdu.Command) {
	for _, s := range c.each() {
		if k := s.kind(); k != 0 {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// Unbinds counts the sessions that the other side has ended politely.
func (c *Centre) Unbinds() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unbinds
}

// Taken is how many messages were taken.
func (c *Centre) Taken() uint64 { return c.count.Load() }

// Told is how many receipts were taken.
func (c *Centre) Told() uint64 { return c.told.Load() }

// Most is how many messages were unanswered at once on one session.
func (c *Centre) Most() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.most
}

// Deliver sends a text of a person, or whatever else m is, and gives the answer to it.
func (c *Centre) Deliver(m pdu.Message, patience time.Duration) (pdu.Status, error) {
	for _, s := range c.each() {
		if k := s.kind(); k == pdu.BindTransceiver || k == pdu.BindReceiver {
			return s.deliver(m, patience)
		}
	}
	return 0, fmt.Errorf("smpptest: nobody is bound who hears")
}
