package v1

import "time"

// Position is where a consumer begins: one of From, Sequence and Time.
type Position struct {
	From     string    `json:"from,omitzero"` // FromAll or FromNew
	Sequence uint64    `json:"sequence,omitzero"`
	Time     time.Time `json:"time,omitzero"`
}

// FromAll: all that the log has of the room. FromNew: what is published from now on.
const (
	FromAll = "all"
	FromNew = "new"
)
