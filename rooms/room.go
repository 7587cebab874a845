package rooms

import (
	"slices"
	"time"
)

// RoomConfig is what the platform and the room's admins have set.
type RoomConfig struct {
	Name       Room        `json:"name"`
	Title      string      `json:"title,omitzero"`
	Admins     []Client    `json:"admins,omitzero"`
	Publishers []Publisher `json:"publishers,omitzero"`
	Readers    []Client    `json:"readers,omitzero"` // may read what is published to all subscribers
	Policy     string      `json:"policy,omitzero"`  // the name of its policy; the standard one if empty
	History    bool        `json:"history,omitzero"` // keep bodies until the log's end of life
	Join       Join        `json:"join,omitzero"`    // how people come in who are not added by an admin
	Inbox      Inbox       `json:"inbox,omitzero"`   // what people write to it
	Alerts     RoomAlerts  `json:"alerts,omitzero"`  // of the Common Alerting Protocol
	EventTypes []EventType `json:"eventTypes,omitzero"`
	CreatedAt  time.Time   `json:"createdAt"`
	After      uint64      `json:"after,omitzero"` // where the log ended when it was created: what is before is not its own
	Revision   uint64      `json:"-"`              // of the KV entry
}

// HasAdmin says whether a client may do everything in the room.
func (r RoomConfig) HasAdmin(c Client) bool { return slices.Contains(r.Admins, c) }

// MayRead says whether a client may read what is published to all subscribers.
func (r RoomConfig) MayRead(c Client) bool { return r.HasAdmin(c) || slices.Contains(r.Readers, c) }

// MayPublish says whether a client may publish, and whether to named recipients too.
func (r RoomConfig) MayPublish(c Client) (may, direct bool) {
	for _, p := range r.Publishers {
		if p.Client == c {
			return true, p.Direct
		}
	}
	return r.HasAdmin(c), false
}

// Blocked is a client that is kept out, whatever its tokens say.
type Blocked struct {
	Client Client    `json:"client"`
	By     Client    `json:"by"`
	Since  time.Time `json:"since"`
}

// Publisher is a client that may publish into a room.
type Publisher struct {
	Client Client `json:"client"`
	Direct bool   `json:"direct,omitzero"` // may name recipients
}
