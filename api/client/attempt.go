package client

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// attempt asks one node.
func (e *errand) attempt(ctx context.Context, base, token string, last bool) error {
	var w wire
	ctx, begun, done := e.bound(ctx, &w, last)
	defer done()
	q, err := e.to(ctx, base, token)
	if err != nil {
		return err
	}
	answer, err := e.client.options.HTTPClient.Do(q)
	if err != nil {
		return &ConnectionError{cause: err, unsent: w.unused()}
	}
	defer answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		return readProblem(answer)
	}
	if e.endless {
		begun()
	}
	return e.take(answer)
}

// bound limits the time of an attempt, and that for a connection if there is another node to turn to. After begun there is
// no limit any more.
func (e *errand) bound(ctx context.Context, w *wire, last bool) (_ context.Context, begun, done func()) {
	limit := e.limit
	if last {
		limit = e.last
	}
	ctx, cancel := context.WithCancelCause(w.watch(ctx))
	timers := []*time.Timer{}
	if limit > 0 {
		timers = append(timers, time.AfterFunc(limit, func() { cancel(context.DeadlineExceeded) }))
	}
	if !last {
		timers = append(timers, time.AfterFunc(e.client.options.AttemptTimeout, func() {
			if w.unused() {
				cancel(errNoConnection)
			}
		}))
	}
	begun = func() {
		for _, t := range timers {
			t.Stop()
		}
	}
	return ctx, begun, func() { begun(); cancel(nil) }
}

var errNoConnection = errors.New("no connection in time")

// wire learns from net/http whether there was a connection, without which nothing can have been sent.
type wire struct{ wanted, got atomic.Bool }

func (w *wire) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { w.wanted.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { w.got.Store(true) },
	})
}

func (w *wire) unused() bool { return w.wanted.Load() && !w.got.Load() }

// down says that an error is of the node, or of the way to it, and another node may do better.
func down(err error) bool {
	var connection *ConnectionError
	if errors.As(err, &connection) {
		return true
	}
	var p *Problem
	if !errors.As(err, &p) {
		return false
	}
	switch p.Status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// unsent says that the node cannot have acted.
func unsent(err error) bool {
	var connection *ConnectionError
	return errors.As(err, &connection) && connection.unsent
}
