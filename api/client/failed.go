package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
)

// Failed lists what went wrong in a room and was not dropped, as far as it is picked out: of the newest message first.
func (c *Client) Failed(ctx context.Context, room string, which v1.FailedSweep) iter.Seq2[v1.FailedDelivery, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (page[v1.FailedDelivery], error) {
		var l v1.FailedList
		r := list(path("v1", "rooms", room, "failed"), cursor)
		if more := failedQuery(which).Encode(); more != "" {
			r.path += "&" + more
		}
		_, err := c.call(ctx, r, &l)
		return page[v1.FailedDelivery]{l.Failed, l.Next}, err
	})
}

func failedQuery(f v1.FailedSweep) url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"umid": f.UMID, "type": f.Type, "since": rfc3339(f.Since), "until": rfc3339(f.Until)} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for _, r := range f.Reasons {
		q.Add("reason", string(r))
	}
	for _, ch := range f.Channels {
		q.Add("channel", string(ch))
	}
	return q
}

func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

// ResendMessage tries anew what has failed of a message, as far as it is picked out, a part of it: Left says how much is left
// for another call.
func (c *Client) ResendMessage(ctx context.Context, umid string, which v1.FailedSelection) (v1.Resent, error) {
	var r v1.Resent
	err := c.post(ctx, path("v1", "messages", umid, "resend"), which, &r)
	return r, err
}

// DropDeliveries has them be listed no more, and never be tried anew.
func (c *Client) DropDeliveries(ctx context.Context, umid string, which v1.FailedSelection) (v1.Dropped, error) {
	var d v1.Dropped
	err := c.post(ctx, path("v1", "messages", umid, "drop"), which, &d)
	return d, err
}

// ResendFailed tries anew what went wrong in a room, a part of it: with Next as the cursor the next call goes on.
func (c *Client) ResendFailed(ctx context.Context, room string, which v1.FailedSweep) (v1.Swept, error) {
	return c.sweep(ctx, room, "resend", which)
}

// DropFailed drops it, a part of it.
func (c *Client) DropFailed(ctx context.Context, room string, which v1.FailedSweep) (v1.Swept, error) {
	return c.sweep(ctx, room, "drop", which)
}

func (c *Client) sweep(ctx context.Context, room, verb string, which v1.FailedSweep) (v1.Swept, error) {
	var s v1.Swept
	err := c.post(ctx, path("v1", "rooms", room, "failed", verb), which, &s)
	return s, err
}

// post asks for what does its work once, however often it is asked for.
func (c *Client) post(ctx context.Context, path string, body, out any) error {
	r, err := request{method: http.MethodPost, path: path, repeatable: true}.withBody(body)
	if err != nil {
		return err
	}
	_, err = c.call(ctx, r, out)
	return err
}
