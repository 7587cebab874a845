package fleet

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// chunks is how many pieces of up to chunkSize bytes one direction of a connection holds on their way.
const (
	chunks    = 64
	chunkSize = 64 << 10
)

// proxy carries the connections that one node opens to another.
type proxy struct {
	network  *Network
	way      direction
	home     string // of the other node
	listener net.Listener
}

// back is the way of the answers.
func (p *proxy) back() direction { return direction{p.way.to, p.way.from} }

// run accepts connections until the listener is closed, and returns when all have ended.
func (p *proxy) run(ctx context.Context) {
	var open sync.WaitGroup
	defer open.Wait()
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		open.Go(func() { p.carry(ctx, near) })
	}
}

// carry connects and passes bytes both ways until either side ends, a line is cut or dropped, or ctx ends.
func (p *proxy) carry(ctx context.Context, near net.Conn) {
	defer near.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if p.isCut() {
		return
	}
	var d net.Dialer
	far, err := d.DialContext(ctx, "tcp", p.home)
	if err != nil {
		return
	}
	defer far.Close()
	var parts sync.WaitGroup
	defer parts.Wait()
	for _, part := range []func(){
		func() { p.pump(ctx, p.way, near, far) },
		func() { p.pump(ctx, p.back(), far, near) },
		func() { p.guard(ctx, p.way) },
		func() { p.guard(ctx, p.back()) },
	} {
		parts.Go(func() {
			defer cancel()
			part()
		})
	}
	<-ctx.Done()
	_, _ = near.Close(), far.Close() // so that who reads or writes ends
}

func (p *proxy) isCut() bool {
	there, _ := p.network.line(p.way)
	back, _ := p.network.line(p.back())
	return there.Mode == Cut || back.Mode == Cut
}

// guard returns when a line is cut, or drops the connection.
func (p *proxy) guard(ctx context.Context, way direction) {
	for {
		l, changed := p.network.line(way)
		if l.Mode == Cut {
			return
		}
		drop, stop := lottery(l.DropEvery)
		select {
		case <-drop:
			stop()
			return
		case <-changed:
		case <-ctx.Done():
			stop()
			return
		}
		stop()
	}
}

// lottery fires after a random time with the given mean; never for 0.
func lottery(mean time.Duration) (<-chan time.Time, func()) {
	if mean <= 0 {
		return nil, func() {}
	}
	t := time.NewTimer(time.Duration(rand.ExpFloat64() * float64(mean)))
	return t.C, func() { t.Stop() }
}

// chunk is a piece on its way; an empty one is the end of the connection.
type chunk struct {
	data []byte
	due  time.Time
}

// pump passes bytes one way, in order and each with the delay of the line at its time.
func (p *proxy) pump(ctx context.Context, way direction, from, to net.Conn) {
	under := make(chan chunk, chunks)
	var reader sync.WaitGroup
	defer reader.Wait()
	reader.Go(func() { p.read(ctx, way, from, under) })
	defer from.Close()
	for {
		select {
		case c := <-under:
			if !p.arrive(ctx, way, c) || len(c.data) == 0 {
				return
			}
			if _, err := to.Write(c.data); err != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// read takes what a node sends, until it ends the connection, which is passed on too.
func (p *proxy) read(ctx context.Context, way direction, from net.Conn, under chan<- chunk) {
	buf := make([]byte, chunkSize)
	for err := error(nil); err == nil; {
		var n int
		if n, err = from.Read(buf); n > 0 {
			p.send(ctx, way, bytes.Clone(buf[:n]), under)
		}
	}
	p.send(ctx, way, nil, under)
}

func (p *proxy) send(ctx context.Context, way direction, data []byte, under chan<- chunk) {
	l, _ := p.network.line(way)
	select {
	case under <- chunk{data, time.Now().Add(l.Delay)}:
	case <-ctx.Done():
	}
}

// arrive waits until a chunk may leave the line.
func (p *proxy) arrive(ctx context.Context, way direction, c chunk) bool {
	if !sleep(ctx, time.Until(c.due)) {
		return false
	}
	return p.network.await(ctx, way, func(m Mode) bool { return m != Blackhole })
}

// sleep waits, and says whether ctx lives.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
