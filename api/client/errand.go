package client

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// errand is one request on its way along the nodes.
type errand struct {
	client *Client
	request
	take    func(*http.Response) error // reads the answer that is a success
	limit   time.Duration              // of an attempt that another may follow; 0: none
	last    time.Duration              // of the last attempt of a pass; 0: none
	endless bool                       // the limits are for the beginning of the answer alone
	asked   map[*node]time.Time        // who wants to be left alone until when
}

// errand makes one that only reads turn soon from a node that hangs, and leaves any other its whole time.
func (c *Client) errand(r request, take func(*http.Response) error) *errand {
	e := &errand{client: c, request: r, take: take, limit: c.options.Timeout + r.patience, last: c.options.Timeout + r.patience, asked: map[*node]time.Time{}}
	if r.repeatable {
		e.limit = c.options.AttemptTimeout
	}
	return e
}

// pass asks one node after the other, without pause, until one has acted or refused. Otherwise it gives the last error.
func (e *errand) pass(ctx context.Context) error {
	c := e.client
	if c.fault != nil {
		return c.fault
	}
	token, err := c.token(ctx)
	if err != nil {
		return err
	}
	err = &ConnectionError{cause: errAllAsked}
	order := e.due(c.nodes.order(time.Now(), c.options.AttemptTimeout))
	for i, x := range order {
		last := i == len(order)-1
		began := time.Now()
		err = e.attempt(ctx, x.base, token, last)
		if ctx.Err() != nil {
			return err // says nothing of the node
		}
		e.note(x, err, time.Since(began))
		if !down(err) || !e.repeatable && !unsent(err) {
			return err
		}
	}
	return err
}

var errAllAsked = errors.New("all have asked for time")

// due leaves out the nodes that have asked for time, unless it is over.
func (e *errand) due(order []*node) []*node {
	var due []*node
	for _, x := range order {
		if !e.asked[x].After(time.Now()) {
			due = append(due, x)
		}
	}
	return due
}

// note keeps what an attempt says of its node.
func (e *errand) note(x *node, err error, took time.Duration) {
	if !down(err) {
		e.client.nodes.worked(x)
		return
	}
	var p *Problem
	var wait time.Duration
	if errors.As(err, &p) {
		wait = p.RetryAfter
	}
	now := time.Now()
	e.asked[x] = now.Add(wait)
	e.client.nodes.didNot(x, now, took, wait)
}

// soonest is how long it takes until a node may be asked again.
func (e *errand) soonest() time.Duration {
	now, wait := time.Now(), time.Duration(-1)
	for _, x := range e.client.nodes.list {
		if w := max(e.asked[x].Sub(now), 0); wait < 0 || w < wait {
			wait = w
		}
	}
	return wait
}
