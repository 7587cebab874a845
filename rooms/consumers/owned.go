package consumers

import (
	"context"
	"time"

	"github.com/govcrier/crier/rooms"
)

// listPatience bounds one look at all names, which many who log in may share.
const listPatience = 4 * time.Second

// Owned gives the consumers of a client, by their names in JetStream: every one that was there at the
// time of the call. Many may ask at once.
func (c *Consumers) Owned(ctx context.Context, client rooms.Client) (map[rooms.Room][]string, error) {
	ids, err := c.all.Get(ctx)
	if err != nil {
		return nil, err
	}
	owner := rooms.OwnerOf(client)
	owned := map[rooms.Room][]string{}
	for _, id := range ids {
		if id.Owner == owner {
			owned[id.Room] = append(owned[id.Room], id.String())
		}
	}
	return owned, nil
}

// list asks for all names, for all who wait.
func (c *Consumers) list(ctx context.Context) ([]rooms.ConsumerID, error) {
	ctx, cancel := context.WithTimeout(ctx, listPatience)
	defer cancel()
	return c.ids(ctx)
}
