package webhook

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/rooms"
)

// cloudEvents is the content type of an event in structured JSON.
const cloudEvents = "application/cloudevents+json"

// attributes are those of a CloudEvent (https://cloudevents.io, 1.0.2 §3), lane and messagetype
// being extensions.
type attributes struct {
	Version string `json:"specversion"`
	ID      string `json:"id"`
	Source  string `json:"source"`
	Type    string `json:"type"`
	Subject string `json:"subject"`
	Time    string `json:"time"`
	Kind    string `json:"datacontenttype"`
	Lane    string `json:"lane"`
	Message string `json:"messagetype"`
}

var errContent = errors.New("webhook: the content is not one JSON value")

// event is a delivery as it is posted. What was published goes in as it is, since an encoder
// would rewrite it.
func event(d rooms.Delivery) ([]byte, error) {
	if !jsontext.Value(d.Published).IsValid() {
		return nil, errContent
	}
	head, err := json.Marshal(attributes{
		Version: "1.0", ID: identity(d.ID), Source: "/rooms/" + string(d.Room), Type: "org.crier.message", Subject: string(d.ID.UMID),
		Time: d.ReceivedAt.UTC().Format(time.RFC3339Nano), Kind: "application/json", Lane: string(d.Lane), Message: string(d.Type),
	})
	if err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	out := make([]byte, 0, len(head)+len(d.Published)+10)
	out = append(append(out, head[:len(head)-1]...), `,"data":`...)
	return append(append(out, d.Published...), '}'), nil
}

// identity names a delivery to its receiver.
func identity(id rooms.DeliveryID) string { return fmt.Sprintf("%s-%d", id.UMID, id.N) }
