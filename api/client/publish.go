package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
)

// Publish publishes a message into a room and returns once it is durable. While a server is not available, or its answer
// is lost, the same request goes to the next one, and so on, for Options.RetryFor at most; its transaction id, which the
// caller chooses, makes sure that it is accepted once.
func (c *Client) Publish(ctx context.Context, room string, p v1.Publish) (v1.Receipt, error) {
	r, err := request{}.withBody(p)
	if err != nil {
		return v1.Receipt{}, err
	}
	return c.PublishJSON(ctx, room, r.body)
}

// PublishJSON is Publish for a request that is JSON already. It is sent byte for byte.
func (c *Client) PublishJSON(ctx context.Context, room string, body []byte) (v1.Receipt, error) {
	return c.publish(ctx, request{method: http.MethodPost, path: messagesPath(room), body: body, repeatable: true})
}

func (c *Client) publish(ctx context.Context, r request) (receipt v1.Receipt, err error) {
	return receipt, c.insist(ctx, r, &receipt)
}

// insist makes a call again and again until it is answered, and decodes the answer.
func (c *Client) insist(ctx context.Context, r request, out any) error {
	e := c.errand(r, func(answer *http.Response) error { return decode(answer, out) })
	until := time.Now().Add(c.options.RetryFor)
	for pass := 0; ; pass++ {
		if c.options.RetryFor > 0 {
			e.limit = min(c.options.AttemptTimeout<<min(pass, 10), c.options.Timeout)
			e.last = e.limit
		}
		err := e.pass(ctx)
		wait, again := backoff(err, pass, rand.Float64())
		wait = max(wait, e.soonest())
		if !again || ctx.Err() != nil || time.Now().Add(wait).After(until) || !sleep(ctx, wait) {
			return err
		}
	}
}

const (
	firstWait = 100 * time.Millisecond
	maxWait   = 5 * time.Second
)

// backoff says whether a publish may be sent again after a pass that ended in err, and after how long: doubling from
// firstWait, or as long as a server asks for whose word holds for all. roll, from 0 to 1, spreads clients that failed
// together.
func backoff(err error, pass int, roll float64) (wait time.Duration, again bool) {
	wait = min(firstWait<<min(pass, 10), maxWait)
	wait = wait/2 + time.Duration(roll*float64(wait)/2)
	var p *Problem
	if errors.As(err, &p) && p.Status == http.StatusTooManyRequests {
		return max(wait, p.RetryAfter), true
	}
	return wait, down(err)
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
