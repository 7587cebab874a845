package rooms

import (
	"slices"
	"time"
)

// Policy is the set of rules under which a message is delivered.
type Policy struct {
	Revision
	Retry      []time.Duration // wait after attempt 1, 2, …; the last repeats
	Jitter     float64         // share by which a wait may be longer or shorter, 0 to 1
	Expiry     time.Duration   // from acceptance until a delivery is given up
	Duplicates string          // "resend": an attempt of unknown outcome is made again
}

// Deadline is the moment after which a message received at t is no longer sent.
func (p Policy) Deadline(t time.Time) time.Time { return t.Add(p.Expiry) }

// Wait is the time before the attempt after the given one (from 1). roll, from 0 to 1, places
// it within the jitter; it is the caller's, so that the schedule itself stays plain data.
func (p Policy) Wait(attempt int, roll float64) time.Duration {
	if len(p.Retry) == 0 {
		return 0
	}
	base := p.Retry[min(max(attempt, 1), len(p.Retry))-1]
	return base + time.Duration((2*roll-1)*p.Jitter*float64(base))
}

// RoomConfig is what the platform and the room's admins have set.
type RoomConfig struct {
	Name       Room        `json:"name"`
	Title      string      `json:"title,omitzero"`
	Admins     []Client    `json:"admins,omitzero"`
	Publishers []Publisher `json:"publishers,omitzero"`
	Readers    []Client    `json:"readers,omitzero"` // may read what is published to all subscribers
	Policy     string      `json:"policy,omitzero"`  // the name of its policy; the standard one if empty
	History    bool        `json:"history,omitzero"` // keep bodies until the log's end of life
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
