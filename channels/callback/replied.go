package callback

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/stream"
)

// Replied stores that the sender of a message is to be told of a reply to it, if he wants to be told at all. Each reply is
// told by itself; one that was told already is told again under the same id.
func (c Collector) Replied(ctx context.Context, r rooms.Reply) error {
	clients, err := c.clients(ctx)
	if _, known := clients[r.Publisher]; err != nil || !known {
		return err
	}
	m, err := c.Index.Message(r.UMID)
	if errors.Is(err, index.ErrUnknown) || err == nil && !clients.want(m) {
		return nil
	}
	if err != nil {
		return err
	}
	call := rooms.Callback{UMID: r.UMID, Room: r.Room, Publisher: r.Publisher, Reply: r.Sequence}
	if m.Callback {
		if call.To, err = c.named(ctx, m); err != nil {
			return err
		}
	}
	return c.Queue.AddCallbacks(ctx, []rooms.Callback{call})
}

// replied is what is said of a reply: ids alone, by which it is read.
func replied(call stream.Callback, now time.Time) []byte {
	data, err := json.Marshal(struct {
		Room  rooms.Room `json:"room"`
		UMID  rooms.UMID `json:"umid"`
		Reply string     `json:"reply"`
	}{call.Room, call.UMID, strconv.FormatUint(call.Reply, 10)})
	if err != nil {
		return nil // names and digits always marshal
	}
	body, err := outbound.Event{
		ID: identity(call), Source: "/rooms/" + string(call.Room), Type: "org.crier.message.replied", Subject: string(call.UMID),
		Time: now.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano),
	}.Encode(data)
	if err != nil {
		return nil
	}
	return body
}
