package outbound

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/govcrier/crier/rooms"
)

// maxReply is the most bytes of an answer that is handed on.
const maxReply = 64 << 10

var errReply = errors.New("outbound: the answer is too long")

// Ask posts JSON and gives the answer's status and body. The id is the same for every attempt. As somebody waits for the answer it
// has the next connection that is free, for which it waits no longer than for an answer.
func (c *Client) Ask(ctx context.Context, to rooms.Address, id string, body []byte) (status int, reply []byte, err error) {
	r, err := c.request(ctx, Call{To: to, ID: id, Kind: "application/json", Body: body})
	if err != nil {
		return 0, nil, err
	}
	waits, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	release, err := c.places.Wait(waits, rooms.Emergency, host(r.URL))
	if err != nil {
		return 0, nil, err
	}
	defer release()
	a := c.send(ctx, r, func(w *http.Response) error {
		if reply, err = io.ReadAll(io.LimitReader(w.Body, maxReply+1)); err == nil && len(reply) > maxReply {
			err = errReply
		}
		return err
	})
	if a.Err != nil {
		return 0, nil, a.Err
	}
	return a.Status, reply, nil
}
