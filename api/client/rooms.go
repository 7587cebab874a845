package client

import (
	"context"
	"iter"
	"net/http"

	v1 "github.com/govcrier/crier/api/v1"
)

// Room is a room with the revision under which it was read.
type Room struct {
	v1.Room
	// ETag goes into UpdateRoom, so that no change of somebody else is lost.
	ETag string
}

// Rooms lists the rooms that the caller may see, by name.
func (c *Client) Rooms(ctx context.Context) iter.Seq2[v1.Room, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (page[v1.Room], error) {
		var l v1.RoomList
		_, err := c.call(ctx, list(path("v1", "rooms"), cursor), &l)
		return page[v1.Room]{l.Rooms, l.Next}, err
	})
}

// Room reads a room.
func (c *Client) Room(ctx context.Context, name string) (Room, error) {
	return c.room(ctx, get(path("v1", "rooms", name)))
}

// CreateRoom creates a room; the problem room_exists says that there is one of that name.
func (c *Client) CreateRoom(ctx context.Context, n v1.NewRoom) (Room, error) {
	r, err := request{method: http.MethodPost, path: path("v1", "rooms")}.withBody(n)
	if err != nil {
		return Room{}, err
	}
	return c.room(ctx, r)
}

// UpdateRoom replaces what was set of a room as it was read under etag; the problem revision_mismatch says that somebody
// else has changed it since.
func (c *Client) UpdateRoom(ctx context.Context, name, etag string, change v1.RoomChange) (Room, error) {
	r, err := request{method: http.MethodPut, path: path("v1", "rooms", name), ifMatch: etag}.withBody(change)
	if err != nil {
		return Room{}, err
	}
	return c.room(ctx, r)
}

// DeleteRoom deletes a room and its subscribers.
func (c *Client) DeleteRoom(ctx context.Context, name string) error {
	_, err := c.call(ctx, request{method: http.MethodDelete, path: path("v1", "rooms", name)}, nil)
	return err
}

func (c *Client) room(ctx context.Context, r request) (Room, error) {
	var room Room
	header, err := c.call(ctx, r, &room.Room)
	room.ETag = header.Get("ETag")
	return room, err
}
