package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/govcrier/crier/api/cap"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/stream"
)

const alertID = "01KAMVJVG0ZJ2C5YD3GZ7A8Q5A"

// alertsFake finds alerts again that were put into the engine.
type alertsFake struct{ *engine }

func (e alertsFake) Find(_ context.Context, id string, clients ...rooms.Client) (publish.Known, bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.messages {
		if m.TxID == id && slices.Contains(clients, m.Publisher) {
			return publish.Known{UMID: m.UMID, Room: m.Room}, true, e.err
		}
	}
	return publish.Known{}, false, e.err
}

func (e alertsFake) RoomPage(ctx context.Context, s rooms.Selection, after uint64) ([]rooms.Message, error) {
	return e.log.RoomPage(ctx, s, after)
}

func (e alertsFake) Message(_ context.Context, sequence uint64) (rooms.Message, error) {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	for _, m := range e.log.all {
		if m.Sequence == sequence {
			return m, e.err
		}
	}
	return rooms.Message{}, stream.ErrGone
}

// alert is one of CAP; change replaces parts of it.
func alert(change ...string) string {
	const text = `<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>met-1</identifier><sender>met.example</sender>` +
		`<sent>2026-11-22T13:00:00+02:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>` +
		`<info><language>en</language><category>Met</category><event>Storm</event><urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty>` +
		`<expires>2026-11-22T18:00:00+02:00</expires><headline>A storm comes</headline>` +
		`<area><areaDesc>Emme valley</areaDesc><geocode><valueName>EX-DISTRICT</valueName><value>emme</value></geocode></area></info></alert>`
	return strings.NewReplacer(change...).Replace(text)
}

// shown puts an alert into the room newborn, as it stands there when it was published.
func (e *engine) shown(umid rooms.UMID, publisher rooms.Client, raw string) {
	a, faults := cap.Parse([]byte(raw), 1000)
	if len(faults) > 0 {
		panic(fmt.Sprint(faults))
	}
	content, err := a.Content(cap.Options{}, nil)
	if err != nil {
		panic(err)
	}
	n := e.log.append(string(content))
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	h := &e.log.all[n-1].Header
	h.UMID, h.Type, h.Lane, h.Publisher, h.TxID, h.ExpiresAt = umid, rooms.CAP, rooms.Emergency, publisher, a.TransactionID("newborn"), noon().Add(5*time.Hour)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.messages[umid] = index.Summary{Header: *h}
}
