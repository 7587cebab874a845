package rooms

import "time"

// Suppression says that an address takes nothing, in whatever room or of one, until a time.
type Suppression struct {
	ID      SuppressionID `json:"-"`             // stands in the key
	Room    Room          `json:"room,omitzero"` // which the person wants nothing more of; none: whatever room
	Channel Channel       `json:"channel"`
	Reason  Reason        `json:"reason"`
	Since   time.Time     `json:"since"`          // of the latest refusal
	Until   time.Time     `json:"until"`          // after which it is tried again
	Times   int           `json:"times"`          // refusals, one after the other
	Cause   string        `json:"cause"`          // the attempt that was refused last
	Tried   string        `json:"tried,omitzero"` // a delivery that was taken since, of which a receipt is awaited
	Entry   uint64        `json:"-"`              // of the KV; 0 if there is none yet
	Gone    bool          `json:"-"`              // it was removed
}

// SuppressionID is a keyed hash of channel and address, as a subscriber's is of room, channel and address.
type SuppressionID string

// ParseSuppressionID accepts what has the form of a keyed hash.
func ParseSuppressionID(s string) (SuppressionID, error) {
	id, err := ParseSubscriberID(s)
	return SuppressionID(id), err
}

// Holds says that nothing is to be sent now.
func (s Suppression) Holds(now time.Time) bool { return now.Before(s.Until) }
