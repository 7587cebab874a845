package sandbox

import (
	"time"

	"github.com/govcrier/crier/rooms"
)

// item is a delivery as the page shows it and the sink gets it, in the clear.
type item struct {
	UMID    rooms.UMID    `json:"umid"`
	N       int           `json:"n"`
	Attempt int           `json:"attempt"`
	Channel rooms.Channel `json:"channel"`
	To      string        `json:"to"`
	Name    string        `json:"name"`
	Subject string        `json:"subject"`
	Text    string        `json:"text"`
	HTML    string        `json:"html"`
	SMS     string        `json:"sms"`
	Room    rooms.Room    `json:"room"`
	Type    rooms.Type    `json:"type"`
	Lane    rooms.Lane    `json:"lane"`
	At      time.Time     `json:"at"`
	Leave   string        `json:"leave,omitzero"` // where the person can end the subscription
}

// newItem takes of the content what the channel would carry.
func newItem(d rooms.Delivery, at time.Time) item {
	it := item{
		UMID: d.ID.UMID, N: d.ID.N, Attempt: d.Attempt, Channel: d.To.Channel,
		To: d.To.Address.Reveal(), Name: d.To.Name.Reveal(),
		Room: d.Room, Type: d.Type, Lane: d.Lane, At: at.UTC(), Leave: d.Leave.Reveal(),
	}
	if d.To.Channel == rooms.SMS {
		it.SMS = d.Content.ShortText().Reveal()
		return it
	}
	it.Subject, it.Text, it.HTML = d.Content.Subject.Reveal(), d.Content.Text.Reveal(), d.Content.HTML.Reveal()
	return it
}
