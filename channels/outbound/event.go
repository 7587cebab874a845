package outbound

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// CloudEvents is the content type of an event in structured JSON.
const CloudEvents = "application/cloudevents+json"

// Event are the attributes of a CloudEvent (https://cloudevents.io, 1.0.2 §3) whose data is JSON;
// lane and messagetype are extensions.
type Event struct {
	ID      string
	Source  string
	Type    string
	Subject string
	Time    string // RFC 3339
	Lane    string // may be empty
	Message string // likewise
}

var errData = errors.New("outbound: the data of an event is not one JSON value")

// Encode writes an event. Its data goes in byte for byte, since an encoder would rewrite it.
func (e Event) Encode(data []byte) ([]byte, error) {
	if !jsontext.Value(data).IsValid() {
		return nil, errData
	}
	head, err := json.Marshal(struct {
		Version string `json:"specversion"`
		ID      string `json:"id"`
		Source  string `json:"source"`
		Type    string `json:"type"`
		Subject string `json:"subject"`
		Time    string `json:"time"`
		Kind    string `json:"datacontenttype"`
		Lane    string `json:"lane,omitzero"`
		Message string `json:"messagetype,omitzero"`
	}{"1.0", e.ID, e.Source, e.Type, e.Subject, e.Time, "application/json", e.Lane, e.Message})
	if err != nil {
		return nil, fmt.Errorf("outbound: %w", err)
	}
	out := make([]byte, 0, len(head)+len(data)+10)
	out = append(append(out, head[:len(head)-1]...), `,"data":`...)
	return append(append(out, data...), '}'), nil
}
