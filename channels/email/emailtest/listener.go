package emailtest

import (
	"fmt"
	"net"
	"sync"
)

// listener counts connections, and applies what a sink is told to do at Connect.
type listener struct {
	net.Listener
	sink *Sink

	mu   sync.Mutex
	made int
	open map[net.Conn]bool
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		inner, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: inner, listener: l}
		l.add(c)
		do, told := l.sink.rules.find(Everybody, Connect)
		if !told {
			return c, nil
		}
		l.refuse(c, do)
	}
}

func (l *listener) refuse(c net.Conn, do Do) {
	if do.reply != nil {
		e := do.reply.EnhancedCode
		fmt.Fprintf(c, "%d %d.%d.%d %s\r\n", do.reply.Code, e[0], e[1], e[2], do.reply.Message)
	}
	if !do.hang {
		c.Close()
	}
}

func (l *listener) add(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		l.open = map[net.Conn]bool{}
	}
	l.made++
	l.open[c] = true
}

func (l *listener) remove(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, c)
}

func (l *listener) count() (made, open int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.made, len(l.open)
}

func (l *listener) cut() {
	l.mu.Lock()
	var all []net.Conn
	for c := range l.open {
		all = append(all, c)
	}
	l.mu.Unlock()
	for _, c := range all {
		c.Close()
	}
}

// conn tells its listener when it is closed.
type conn struct {
	net.Conn
	listener *listener
}

func (c *conn) Close() error {
	c.listener.remove(c)
	return c.Conn.Close()
}
