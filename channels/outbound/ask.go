package outbound

import (
	"context"
	"errors"
	"io"

	"github.com/govcrier/crier/rooms"
)

// maxReply is the most bytes of an answer that is handed on.
const maxReply = 64 << 10

var errReply = errors.New("outbound: the answer is too long")

// Ask posts JSON and gives the answer's status and body. The id is the same for every attempt.
func (c *Client) Ask(ctx context.Context, to rooms.Address, id string, body []byte) (status int, reply []byte, err error) {
	a := c.post(ctx, Call{To: to, ID: id, Kind: "application/json", Body: body}, func(r io.Reader) error {
		if reply, err = io.ReadAll(io.LimitReader(r, maxReply+1)); err == nil && len(reply) > maxReply {
			err = errReply
		}
		return err
	})
	if a.Err != nil {
		return 0, nil, a.Err
	}
	return a.Status, reply, nil
}
