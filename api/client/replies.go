package client

import (
	"context"
	"iter"
	"net/http"

	v1 "github.com/govcrier/crier/api/v1"
)

// Replies lists what people have written to a room, in the order in which it came: to a publisher what answers his messages.
func (c *Client) Replies(ctx context.Context, room string) iter.Seq2[v1.Reply, error] {
	return c.replies(ctx, path("v1", "rooms", room, "replies"))
}

// Unmatched lists what people have written to nobody.
func (c *Client) Unmatched(ctx context.Context) iter.Seq2[v1.Reply, error] {
	return c.replies(ctx, path("v1", "unmatched"))
}

func (c *Client) replies(ctx context.Context, at string) iter.Seq2[v1.Reply, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (page[v1.Reply], error) {
		var l v1.ReplyList
		_, err := c.call(ctx, list(at, cursor), &l)
		return page[v1.Reply]{l.Replies, l.Next}, err
	})
}

// Reply reads one; the problem unknown_reply says that it was taken, or is not for the caller.
func (c *Client) Reply(ctx context.Context, room, id string) (v1.Reply, error) {
	var r v1.Reply
	_, err := c.call(ctx, get(path("v1", "rooms", room, "replies", id)), &r)
	return r, err
}

// TakeReply says that one was read; it is erased.
func (c *Client) TakeReply(ctx context.Context, room, id string) error {
	_, err := c.call(ctx, request{method: http.MethodDelete, path: path("v1", "rooms", room, "replies", id)}, nil)
	return err
}

// DropUnmatched erases what belongs to nobody.
func (c *Client) DropUnmatched(ctx context.Context, id string) error {
	_, err := c.call(ctx, request{method: http.MethodDelete, path: path("v1", "unmatched", id)}, nil)
	return err
}

// ReleaseUnmatched gives what belonged to nobody to a room, as an answer to a message of it if to says which.
func (c *Client) ReleaseUnmatched(ctx context.Context, id string, to v1.ReleaseReply) (v1.Reply, error) {
	var r v1.Reply
	q, err := request{method: http.MethodPost, path: path("v1", "unmatched", id, "release")}.withBody(to)
	if err == nil {
		_, err = c.call(ctx, q, &r)
	}
	return r, err
}
