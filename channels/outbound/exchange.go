package outbound

import (
	"context"
	"io"
	"net/http"

	"github.com/govcrier/crier/rooms"
)

// Reply is an answer with what was said. Whoever keeps any of it has to know that it may hold personal data.
type Reply struct {
	Answer
	Header http.Header
	Body   []byte
}

// Exchange makes a call as it stands, and gives what was answered, up to Options.MaxReply. A longer answer is none, though the call
// was taken. Of calls that wait for a connection the most urgent lane's has the next.
func (c *Client) Exchange(ctx context.Context, lane rooms.Lane, r *http.Request) Reply {
	var reply Reply
	reply.Answer = c.take(ctx, lane, r, func(w *http.Response) (err error) {
		reply.Header = w.Header
		if reply.Body, err = io.ReadAll(io.LimitReader(w.Body, int64(c.options.MaxReply)+1)); err == nil && len(reply.Body) > c.options.MaxReply {
			err = errReply
		}
		return err
	})
	if reply.Err != nil {
		reply.Header, reply.Body = nil, nil
	}
	return reply
}
