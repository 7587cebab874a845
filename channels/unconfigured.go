package channels

import (
	"context"

	"github.com/govcrier/crier/rooms"
)

// Named is a provider under the name that the configuration gives it, which is what events,
// metrics and logs say.
type Named struct {
	Name     string
	Provider Provider
}

// unconfigured stands in for the provider of a channel that has none: deliveries wait for
// somebody to configure one, and expire.
type unconfigured struct{}

func (unconfigured) Send(context.Context, rooms.Delivery) Outcome {
	return Outcome{Result: Deferred, Reason: rooms.Unconfigured}
}

// noProvider stands in for the provider of a channel that has none.
func noProvider() Named { return Named{Name: "none", Provider: unconfigured{}} }
