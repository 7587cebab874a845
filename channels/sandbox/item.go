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
	From    string        `json:"from,omitzero"`         // the sender on the channel
	Of      string        `json:"organisation,omitzero"` // of the sender
	Room    rooms.Room    `json:"room"`
	Type    rooms.Type    `json:"type"`
	Lane    rooms.Lane    `json:"lane"`
	At      time.Time     `json:"at"`
	// Provider is the one that the sandbox stands in for, where there are several.
	Provider string   `json:"provider,omitzero"`
	Leave    string   `json:"leave,omitzero"` // where the person can end the subscription
	CC       []string `json:"cc,omitzero"`
	BCC      []string `json:"bcc,omitzero"`
	By       string   `json:"by,omitzero"`      // who in the organisation writes
	ReplyTo  string   `json:"replyTo,omitzero"` // where answers go, if the sender says so
}

// newItem takes of the content what the channel would carry.
func newItem(d rooms.Delivery, at time.Time) item {
	it := item{
		UMID: d.ID.UMID, N: d.ID.N, Attempt: d.Attempt, Channel: d.To.Channel,
		To: d.To.Address.Reveal(), Name: d.To.Name.Reveal(), From: d.Sender.Email.Reveal(), Of: d.Sender.Organisation,
		Room: d.Room, Type: d.Type, Lane: d.Lane, At: at.UTC(), Leave: d.Leave.Reveal(),
	}
	if d.To.Channel == rooms.SMS {
		it.From = d.Sender.SMS
		it.SMS = d.Content.ShortText().Reveal()
		return it
	}
	it.By, it.ReplyTo = d.Sender.Name.Reveal(), d.Sender.ReplyTo.Reveal()
	for _, c := range d.To.Copies {
		if c.Blind {
			it.BCC = append(it.BCC, c.Address.Reveal())
		} else {
			it.CC = append(it.CC, c.Address.Reveal())
		}
	}
	it.Subject, it.Text, it.HTML = d.Content.Subject.Reveal(), d.Content.Text.Reveal(), d.Content.HTML.Reveal()
	return it
}
