package stream

import (
	"context"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

// What the bucket of departures is made of (NATS ADR-8): a key for each subscriber who has left a room lately.
const (
	streamDepartures = "KV_" + bucketDepartures
	departurePrefix  = "$KV." + bucketDepartures + "."
	departureAge     = 15 * time.Minute // how long one is kept
)

// Departure says that a subscriber has left a room, or is about to, or gets nothing for a while.
type Departure struct {
	Room     rooms.Room
	ID       rooms.SubscriberID
	Sequence uint64
}

// PutDeparture stores that a subscriber leaves a room. It is kept for a quarter of an hour.
func (l *Log) PutDeparture(ctx context.Context, room rooms.Room, id rooms.SubscriberID) error {
	m := &nats.Msg{Subject: departurePrefix + string(room) + "." + string(id)}
	return l.insist(ctx, func(ctx context.Context) error {
		_, err := publish(ctx, l.queue, m)
		return err
	})
}

// Departures gives who has left from a sequence on. What nobody can read is left out.
func (l *Log) Departures(ctx context.Context, from uint64) (all []Departure, err error) {
	err = l.eachEntry(ctx, streamDepartures, departurePrefix, from, func(s stored) {
		room, id, _ := strings.Cut(strings.TrimPrefix(s.subject, departurePrefix), ".")
		all = append(all, Departure{rooms.Room(room), rooms.SubscriberID(id), s.sequence})
	})
	return all, err
}
