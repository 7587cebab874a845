package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
)

// Publish publishes a message into a room and returns once it is durable. While the server is not available, or its
// answer is lost, the same request is sent again, for Options.RetryFor at most; its transaction id, which the caller
// chooses, makes sure that it is accepted once.
func (c *Client) Publish(ctx context.Context, room string, p v1.Publish) (v1.Receipt, error) {
	r, err := request{}.withBody(p)
	if err != nil {
		return v1.Receipt{}, err
	}
	return c.PublishJSON(ctx, room, r.body)
}

// PublishJSON is Publish for a request that is JSON already. It is sent byte for byte.
func (c *Client) PublishJSON(ctx context.Context, room string, body []byte) (v1.Receipt, error) {
	r := request{method: http.MethodPost, path: messagesPath(room), body: body}
	until := time.Now().Add(c.options.RetryFor)
	for attempt := 0; ; attempt++ {
		var receipt v1.Receipt
		_, err := c.call(ctx, r, &receipt)
		wait, again := backoff(err, attempt, rand.Float64())
		if !again || ctx.Err() != nil || time.Now().Add(wait).After(until) {
			return receipt, err
		}
		if !sleep(ctx, wait) {
			return receipt, err
		}
	}
}

const (
	firstWait = 100 * time.Millisecond
	maxWait   = 5 * time.Second
)

// backoff says whether a publish that ended in err may be sent again, and after how long: as long as the server asks for,
// or doubling from firstWait. roll, from 0 to 1, spreads clients that failed together.
func backoff(err error, attempt int, roll float64) (wait time.Duration, again bool) {
	wait = min(firstWait<<min(attempt, 10), maxWait)
	wait = wait/2 + time.Duration(roll*float64(wait)/2)
	var connection *ConnectionError
	if errors.As(err, &connection) {
		return wait, true
	}
	var p *Problem
	if errors.As(err, &p) && passing(p.Status) {
		return max(wait, p.RetryAfter), true
	}
	return 0, false
}

// passing tells the statuses after which the same request may succeed.
func passing(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
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
