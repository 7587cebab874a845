package callback

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/replies"
	"github.com/govcrier/crier/rooms/stream"
)

// headerRequest names the message that is answered, where a callback is told what the reply says.
const headerRequest = "requestUid"

// Letters gives what a reply says, in the JSON that the callback is told which its message names; nil if ids are what the
// client is told. Of a reply that has been taken it says replies.ErrUnknown.
type Letters interface {
	Letter(ctx context.Context, c rooms.Callback) ([]byte, error)
}

// tellReply tells of a reply. A callback of the client itself is told ids in any case.
func (c *Caller) tellReply(ctx context.Context, call stream.Callback, to rooms.Contact) (result string, wait time.Duration) {
	said, err := c.letter(ctx, call)
	switch {
	case errors.Is(err, replies.ErrUnknown):
		return "unknown", 0
	case err != nil:
		c.Logger.Warn("callback postponed", "umid", call.UMID, "error", err)
		return "postponed", again
	case said == nil:
		return c.post(ctx, call, outbound.Call{To: to.Address, Kind: outbound.CloudEvents, Body: replied(call, c.Now()), Signing: to.Active(c.Now())})
	}
	return c.post(ctx, call, outbound.Call{
		To: to.Address, Kind: "application/json", Body: said, Signing: to.Active(c.Now()),
		Header: http.Header{headerRequest: {string(call.UMID)}},
	})
}

func (c *Caller) letter(ctx context.Context, call stream.Callback) ([]byte, error) {
	if len(call.To) == 0 || c.Letters == nil {
		return nil, nil
	}
	return c.Letters.Letter(ctx, call.Callback)
}
