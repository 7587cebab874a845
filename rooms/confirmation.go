package rooms

import (
	"slices"
	"strings"
	"time"
)

// Confirmation is one message at a provider, by the id that it gave to it: a whole attempt, or a part of it where a text took
// several.
type Confirmation struct {
	Provider string // by its name in the configuration
	ID       string // as SameProviderID gives it
	AttemptID
	Room    Room
	Channel Channel
	Part    int // from 1
	Parts   int
	At      time.Time // when it was sent
}

// Confirmations are those that an event tells of, if receipts of it, or answers to it, come by the provider's id: of SMS that
// are sent, and of what is sent in a chat. The ids of several parts are joined by commas; parts that have the same one have one
// receipt together.
func Confirmations(e Event) []Confirmation {
	if e.Kind != EventSent || e.ProviderID == "" || !repeatsID(e) {
		return nil
	}
	ids := distinct(strings.Split(e.ProviderID, ","))
	if slices.Contains(ids, "") {
		return nil // not all could ever be told
	}
	all := make([]Confirmation, len(ids))
	for i, id := range ids {
		all[i] = Confirmation{
			Provider: e.Provider, ID: id, Room: e.Room, Channel: e.Channel, Part: i + 1, Parts: len(ids), At: e.At,
			AttemptID: AttemptID{DeliveryID{e.UMID, e.N}, e.Round, e.Attempt},
		}
	}
	return all
}

// repeatsID says whether anybody may come back with the id.
func repeatsID(e Event) bool {
	return e.Channel == SMS && e.Receipt || e.Channel == Telegram || e.Channel == WhatsApp
}

// distinct gives ids in the form in which they are compared, each once.
func distinct(ids []string) (all []string) {
	for _, id := range ids {
		if id = SameProviderID(id); !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// SameProviderID is the form in which ids are compared: providers repeat them in another case, and with other zeros before.
func SameProviderID(id string) string {
	if short := strings.TrimLeft(strings.ToLower(id), "0"); short != "" {
		return short
	}
	return id[:min(len(id), 1)]
}

// ParkedReceipt is the last word on a message that a provider knows by its own id, as it waits until it is known which
// delivery that is, or until all parts of it have one.
type ParkedReceipt struct {
	Channel    Channel   `json:"-"` // stands in the subject
	Sequence   uint64    `json:"-"` // position in the log
	Provider   string    `json:"provider"`
	ProviderID string    `json:"providerId"`
	Status     Status    `json:"status"`
	Reason     Reason    `json:"reason,omitzero"`
	Code       string    `json:"code,omitzero"`
	At         time.Time `json:"at"`
	Heard      time.Time `json:"heard,omitzero"` // by our own clock
}

// early is how long before its message is known as sent a receipt may be heard: while the other parts of a text are still to be
// taken, and by another node's clock.
const early = 2 * time.Minute

// Of says whether a receipt may be of what was confirmed: one that was heard clearly before is of something else.
func (r ParkedReceipt) Of(c Confirmation) bool {
	return r.Heard.IsZero() || !r.Heard.Before(c.At.Add(-early))
}
