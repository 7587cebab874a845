package smpp

import (
	"bufio"
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/govcrier/crier/channels/smpp/pdu"
)

var (
	errSilent = errors.New("the centre does not answer enquire_link")
	errUnbind = errors.New("the centre has ended the session")
	errClosed = errors.New("the provider is closed")
	errLost   = errors.New("the session ended before the answer came")
	errAnswer = errors.New("no answer in time")
)

// session is one bound connection.
type session struct {
	conn    net.Conn
	handle  func(*session, pdu.PDU) // a request of the centre; may take its time
	out     chan frame
	done    chan struct{}
	handled chan struct{} // a token for each request of the centre in hand

	number atomic.Uint32
	heard  atomic.Int64 // when the centre last said anything, Unix nanoseconds

	mu      sync.Mutex
	waiting map[uint32]chan pdu.PDU
	cause   error // why it has ended
}

// frame is what is to be written; after the last one the session ends.
type frame struct {
	pdu.PDU
	last bool
}

// maxHandled bounds the requests of the centre that are in hand at once on a session; others are put off.
const maxHandled = 256

func newSession(conn net.Conn, window int, handle func(*session, pdu.PDU)) *session {
	s := &session{
		conn: conn, handle: handle, out: make(chan frame, window+8), done: make(chan struct{}),
		handled: make(chan struct{}, maxHandled), waiting: map[uint32]chan pdu.PDU{},
	}
	s.heard.Store(time.Now().UnixNano())
	return s
}

// run reads and writes until the session ends, and says why it has.
func (s *session) run(enquireEvery, enquireTimeout time.Duration) error {
	var all sync.WaitGroup
	all.Go(func() { s.end(s.write(enquireTimeout)) })
	all.Go(func() { s.end(s.enquire(enquireEvery, enquireTimeout)) })
	s.end(s.read())
	all.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cause
}

// end ends the session; the first cause counts.
func (s *session) end(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cause != nil {
		return
	}
	s.cause = cause
	close(s.done)
	_ = s.conn.Close()
}

func (s *session) read() error {
	r := bufio.NewReader(s.conn)
	for {
		p, err := pdu.Read(r)
		if err != nil {
			return err
		}
		s.heard.Store(time.Now().UnixNano())
		if p.Command&pdu.Response != 0 {
			s.answered(p)
			continue
		}
		switch p.Command {
		case pdu.EnquireLink:
			s.reply(p.Answer(pdu.OK, nil))
		case pdu.Unbind:
			s.send(frame{p.Answer(pdu.OK, nil), true})
		default:
			s.begin(p)
		}
	}
}

// begin has a request handled beside what is read. Where too many are in hand the centre is to offer it again: to wait here
// would keep our own answers from being read.
func (s *session) begin(p pdu.PDU) {
	select {
	case s.handled <- struct{}{}:
		go func() {
			defer func() { <-s.handled }()
			s.handle(s, p)
		}()
	default:
		if p.Command != alertNotification {
			s.reply(p.Answer(pdu.ReceiverTemporary, pdu.IDBody("")))
		}
	}
}

// answered gives an answer to who waits for it. One that nobody waits for any more is left out.
func (s *session) answered(p pdu.PDU) {
	s.mu.Lock()
	answer, ok := s.waiting[p.Sequence]
	delete(s.waiting, p.Sequence)
	s.mu.Unlock()
	if ok {
		answer <- p
	}
}

// reply sends an answer, unless the session ends before.
func (s *session) reply(p pdu.PDU) { s.send(frame{PDU: p}) }

func (s *session) send(f frame) {
	select {
	case s.out <- f:
	case <-s.done:
	}
}

// write sends what waits, several at once where several do.
func (s *session) write(timeout time.Duration) error {
	w := bufio.NewWriterSize(s.conn, 16<<10)
	for {
		select {
		case f := <-s.out:
			_ = s.conn.SetWriteDeadline(time.Now().Add(timeout))
			if _, err := w.Write(f.Bytes()); err != nil {
				return err
			}
			if len(s.out) > 0 && !f.last {
				continue
			}
			if err := w.Flush(); err != nil {
				return err
			}
			if f.last {
				return errUnbind
			}
		case <-s.done:
			return errClosed
		}
	}
}

// enquire asks a centre that is silent whether it lives: a connection whose other end is gone says nothing by itself.
func (s *session) enquire(every, timeout time.Duration) error {
	tick := time.NewTicker(max(every/4, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-s.done:
			return errClosed
		case <-tick.C:
		}
		if time.Since(time.Unix(0, s.heard.Load())) < every {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		_, _, err := s.ask(ctx, pdu.PDU{Command: pdu.EnquireLink}, timeout)
		cancel()
		if err != nil {
			return errSilent
		}
	}
}

// ask sends a request and waits for its answer. taken says that the centre may have it.
func (s *session) ask(ctx context.Context, p pdu.PDU, timeout time.Duration) (answer pdu.PDU, taken bool, err error) {
	answers := make(chan pdu.PDU, 1)
	p.Sequence = s.enter(answers)
	defer s.leave(p.Sequence)
	select {
	case s.out <- frame{PDU: p}:
	case <-s.done:
		return pdu.PDU{}, false, errLost
	case <-ctx.Done():
		return pdu.PDU{}, false, ctx.Err()
	}
	late := time.NewTimer(timeout)
	defer late.Stop()
	select {
	case answer = <-answers:
		return answer, true, nil
	case <-s.done:
		select {
		case answer = <-answers: // it came with the last that was read
			return answer, true, nil
		default:
			return pdu.PDU{}, true, errLost
		}
	case <-late.C:
		return pdu.PDU{}, true, errAnswer
	case <-ctx.Done():
		return pdu.PDU{}, true, ctx.Err()
	}
}

// enter gives a request a number: 1 to 2^31-1 (SMPP 3.4 §5.1.4).
func (s *session) enter(answers chan pdu.PDU) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		n := s.number.Add(1) & (1<<31 - 1)
		if _, used := s.waiting[n]; n != 0 && !used {
			s.waiting[n] = answers
			return n
		}
	}
}

func (s *session) leave(number uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, number)
}

// bound says whether the session still stands.
func (s *session) bound() bool {
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

// unbind ends the session politely.
func (s *session) unbind(timeout time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	_, _, _ = s.ask(ctx, pdu.PDU{Command: pdu.Unbind}, timeout)
	s.end(errClosed)
}

// settle waits until every request is answered, for a while.
func (s *session) settle(patience time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for s.busy() && ctx.Err() == nil && s.bound() {
		sleep(ctx, 5*time.Millisecond)
	}
}

func (s *session) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting) > 0 || len(s.handled) > 0
}
