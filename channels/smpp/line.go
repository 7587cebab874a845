package smpp

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/govcrier/crier/channels/smpp/pdu"
)

// line is one of the binds: it binds, serves, and binds again until it is closed.
type line struct {
	dialer *dialer
	as     pdu.Command
	places *places // nil: it only hears
	handle func(*session, pdu.PDU)
	news   *news
}

const firstPause = 250 * time.Millisecond

// run keeps the bind until ctx ends, then unbinds.
func (l *line) run(ctx context.Context) {
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, l.dialer.ReconnectMax) {
		began := time.Now()
		conn, err := l.dialer.bind(ctx, l.as)
		if ctx.Err() != nil {
			if err == nil {
				_ = conn.Close()
			}
			return
		}
		l.news.heard(err)
		if err != nil {
			l.fail()
		} else {
			l.serve(ctx, newSession(conn, l.dialer.Window, l.handle))
		}
		if time.Since(began) > l.dialer.ReconnectMax {
			pause = firstPause
		}
		sleep(ctx, pause/2+rand.N(pause)) // so that several nodes do not come all at once
	}
}

func (l *line) fail() {
	if l.places != nil {
		l.places.failed()
	}
}

// serve uses a session until it ends, or ctx has: then it is unbound once what is under way is answered.
func (l *line) serve(ctx context.Context, s *session) {
	var why error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		why = s.run(l.dialer.EnquireLink, l.dialer.EnquireTimeout)
	}()
	if l.places != nil {
		l.places.join(s, l.dialer.Window)
		defer l.places.leave(s)
	}
	select {
	case <-ended:
		l.news.lost(why)
	case <-ctx.Done():
		s.settle(l.dialer.EnquireTimeout)
		s.unbind(l.dialer.EnquireTimeout)
		<-ended
	}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// news tells the log when the centre becomes unusable, when the cause changes, and when it can be used again; not each time
// somebody tries.
type news struct {
	log *slog.Logger

	mu    sync.Mutex
	cause string // of the trouble; empty while there is none
	bound bool
}

// heard records how binding went.
func (n *news) heard(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err == nil {
		if !n.bound || n.cause != "" {
			n.log.Info("bound at the SMS centre")
		}
		n.cause, n.bound = "", true
		return
	}
	if cause := err.Error(); cause != n.cause {
		n.cause = cause
		n.log.Warn("the SMS centre cannot be used", "cause", cause)
	}
}

// lost records that a session has ended by itself.
func (n *news) lost(err error) { n.log.Warn("a bind at the SMS centre has ended", "cause", err) }
