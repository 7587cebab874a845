package webhook

import (
	"fmt"
	"time"

	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
)

// event is a delivery as it is posted.
func event(d rooms.Delivery) ([]byte, error) {
	return outbound.Event{
		ID: identity(d.ID), Source: "/rooms/" + string(d.Room), Type: "org.crier.message", Subject: string(d.ID.UMID),
		Time: d.ReceivedAt.UTC().Format(time.RFC3339Nano), Lane: string(d.Lane), Message: string(d.Type),
	}.Encode(d.Published)
}

// identity names a delivery to its receiver.
func identity(id rooms.DeliveryID) string { return fmt.Sprintf("%s-%d", id.UMID, id.N) }
