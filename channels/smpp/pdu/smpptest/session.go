package smpptest

import (
	"bufio"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/govcrier/crier/channels/smpp/pdu"
)

var errSilent = errors.New("smpptest: no answer")

// session is one connection of a client.
type session struct {
	centre *Centre
	conn   net.Conn
	number atomic.Uint32
	bound  atomic.Uint32
	done   chan struct{}
	once   sync.Once

	unanswered atomic.Int64

	mu      sync.Mutex
	out     *bufio.Writer
	waiting map[uint32]chan pdu.PDU
}

func newSession(c *Centre, conn net.Conn) *session {
	return &session{centre: c, conn: conn, done: make(chan struct{}), out: bufio.NewWriter(conn), waiting: map[uint32]chan pdu.PDU{}}
}

func (s *session) kind() pdu.Command { return pdu.Command(s.bound.Load()) }
func (s *session) next() uint32      { return s.number.Add(1) }

func (s *session) end() {
	s.once.Do(func() {
		close(s.done)
		_ = s.conn.Close()
		s.centre.mu.Lock()
		defer s.centre.mu.Unlock()
		delete(s.centre.sessions, s)
	})
}

func (s *session) run() {
	defer s.end()
	in := bufio.NewReader(s.conn)
	for {
		p, err := pdu.Read(in)
		if err != nil || !s.awake() {
			return
		}
		s.centre.note(p)
		s.handle(p)
	}
}

// awake waits while the centre is frozen.
func (s *session) awake() bool {
	for s.centre.frozen.Load() {
		select {
		case <-s.done:
			return false
		case <-time.After(5 * time.Millisecond):
		}
	}
	return true
}

func (s *session) write(p pdu.PDU) {
	if !s.awake() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = s.out.Write(p.Bytes())
	_ = s.out.Flush()
}

func (s *session) handle(p pdu.PDU) {
	switch p.Command {
	case pdu.BindReceiver, pdu.BindTransmitter, pdu.BindTransceiver:
		s.bind(p)
	case pdu.SubmitSM:
		s.submit(p)
	case pdu.EnquireLink:
		s.write(p.Answer(pdu.OK, nil))
	case pdu.Unbind:
		s.write(p.Answer(pdu.OK, nil))
		s.centre.mu.Lock()
		s.centre.unbinds++
		s.centre.mu.Unlock()
	case pdu.Unbind | pdu.Response:
		s.end()
	case pdu.DeliverSM | pdu.Response:
		s.mu.Lock()
		answer := s.waiting[p.Sequence]
		delete(s.waiting, p.Sequence)
		s.mu.Unlock()
		if answer != nil {
			answer <- p
		}
	}
}

func (s *session) bind(p pdu.PDU) {
	b, err := pdu.ParseBind(p.Body)
	status := pdu.Status(s.centre.refuse.Load())
	switch {
	case err != nil || b.SystemID == "":
		status = pdu.InvalidSystemID
	case b.Password != s.centre.options.Password:
		status = pdu.InvalidPassword
	}
	if status == pdu.OK {
		s.bound.Store(uint32(p.Command))
		s.centre.mu.Lock()
		s.centre.binds = append(s.centre.binds, p.Command)
		s.centre.mu.Unlock()
	}
	s.write(p.Answer(status, pdu.IDBody("smpptest")))
	if status != pdu.OK {
		s.end()
	}
}

// deliver sends a message to the client and waits for its answer.
func (s *session) deliver(m pdu.Message, patience time.Duration) (pdu.Status, error) {
	n, answer := s.next(), make(chan pdu.PDU, 1)
	s.mu.Lock()
	s.waiting[n] = answer
	s.mu.Unlock()
	s.write(pdu.PDU{Command: pdu.DeliverSM, Sequence: n, Body: m.Bytes()})
	select {
	case p := <-answer:
		return p.Status, nil
	case <-s.done:
	case <-time.After(patience):
	}
	return 0, errSilent
}
