package channelstest

import (
	"encoding/json"
	"math/rand/v2"
	"time"

	"github.com/govcrier/crier/rooms"
)

// What every delivery of the suite says. The words are found nowhere else, so that they can be
// searched for.
const (
	canaryName    = "Ænna Canaryname"
	canarySubject = "Canarysubject для всех"
	canaryText    = "Canarytext: the registry office opens at nine.\nПриходите вовремя.\n"
	canaryHTML    = "<p>Canaryhtml: the registry office opens at nine.</p>"
)

// deliveries makes deliveries of one message, each to another recipient.
type deliveries struct {
	umid rooms.UMID
	n    int
}

func (d *deliveries) next(ch rooms.Channel, to rooms.Address) rooms.Delivery {
	d.n++
	return published(rooms.Delivery{
		ID:      rooms.DeliveryID{UMID: d.umid, N: d.n},
		Attempt: 1,
		Room:    "newborn",
		Type:    "reminder",
		Lane:    rooms.Normal,
		To:      rooms.Contact{Channel: ch, Address: to, Name: rooms.NewBody(canaryName)},
		Content: rooms.Content{
			Subject: rooms.NewBody(canarySubject),
			Text:    rooms.NewBody(canaryText),
			HTML:    rooms.NewBody(canaryHTML),
		},
		ReceivedAt: d.umid.Time(),
		Deadline:   time.Now().Add(time.Hour),
	})
}

// published puts the content in as it would have been published.
func published(d rooms.Delivery) rooms.Delivery {
	said := map[string]string{}
	for name, text := range map[string]rooms.Body{
		"subject": d.Content.Subject, "text": d.Content.Text, "html": d.Content.HTML, "sms": d.Content.SMS,
	} {
		if !text.IsZero() {
			said[name] = text.Reveal()
		}
	}
	d.Published, _ = json.Marshal(said) // strings always marshal
	return d
}

// newUMID is of one moment in 2025, and random, so that a peer which lives longer than a run
// does not take the next run for a repetition.
func newUMID() rooms.UMID {
	const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	umid := []byte("01K9ZZZZZZ")
	for range 16 {
		umid = append(umid, crockford[rand.IntN(len(crockford))])
	}
	return rooms.UMID(umid)
}
