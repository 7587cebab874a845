package stream

import (
	"bytes"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// lossy leads to a server, and loses the next acknowledgement of a stream.
type lossy struct {
	nats.InProcessConnProvider
	stream string
	lost   *atomic.Bool
}

func (p lossy) InProcessConn() (net.Conn, error) {
	c, err := p.InProcessConnProvider.InProcessConn()
	return lossyConn{c, p}, err
}

type lossyConn struct {
	net.Conn
	path lossy
}

func (c lossyConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if bytes.Contains(b[:n], []byte(`"stream":"`+c.path.stream+`"`)) && c.path.lost.CompareAndSwap(false, true) {
		return c.Conn.Read(b)
	}
	return n, err
}

// losing has the log lose the first acknowledgement of a stream; it says whether that has happened.
func losing(t *testing.T, l *Log, stream string) *atomic.Bool {
	t.Helper()
	path := lossy{l.queue.Opts.InProcessServer, stream, new(atomic.Bool)}
	o := l.queue.Opts
	o.InProcessServer = path
	nc, err := o.Connect()
	if err != nil {
		t.Fatal(err)
	}
	l.queue.Close()
	l.queue = nc
	return path.lost
}

// An entry that was stored is not taken for somebody else's, though the answer was lost.
func TestOwnClientEntryIsKnownAgain(t *testing.T) {
	t.Parallel()
	l, _ := openWith(t, Options{AnswerTimeout: 2 * time.Second})
	lost := losing(t, l, streamClients)
	e := ClientEntry{Client: "hosp-7", Callback: []byte("sealed"), Since: time.Unix(1, 0).UTC()}
	if err := l.PutClient(t.Context(), e); err != nil || !lost.Load() {
		t.Errorf("%v, an answer was lost: %t", err, lost.Load())
	}
	if err := l.PutClient(t.Context(), e); !errors.Is(err, ErrRevision) {
		t.Errorf("made twice: %v", err)
	}
}
