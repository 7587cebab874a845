package stream

import (
	"context"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// Names of the streams.
const (
	streamRooms       = "ROOMS"
	streamSchedules   = "SCHED"
	streamEvents      = "EVENTS"
	streamSubscribers = "SUBSCRIBERS"
	streamAudit       = "AUDIT"
	bucketRooms       = "rooms"
)

func queueName(l rooms.Lane) string { return "JOBS-" + strings.ToUpper(string(l)) }

// streams is the table of all streams.
func (o Options) streams() []jetstream.StreamConfig {
	table := []jetstream.StreamConfig{
		{
			Name: streamRooms, Subjects: []string{rooms.MessageFilter, rooms.DirectFilter},
			MaxAge: o.MessageAge, Duplicates: o.Duplicates,
			AllowDirect: true, AllowAtomicPublish: true, AllowMsgTTL: true,
			RePublish: &jetstream.RePublish{Source: rooms.MessageFilter, Destination: rooms.LiveFilter},
		},
		{
			Name: streamEvents, Subjects: []string{rooms.EventFilter},
			MaxAge: o.EventAge, Duplicates: o.Duplicates, AllowDirect: true, AllowAtomicPublish: true,
		},
		{
			Name: streamSubscribers, Subjects: []string{rooms.SubscriberFilter},
			MaxMsgsPerSubject: 1, AllowDirect: true, AllowAtomicPublish: true,
		},
		{
			Name: streamSchedules, Subjects: []string{rooms.ScheduleFilter, rooms.DueFilter},
			Retention: jetstream.WorkQueuePolicy, AllowMsgSchedules: true, AllowMsgTTL: true, AllowDirect: true,
		},
		{
			Name: streamAudit, Subjects: []string{rooms.AuditFilter},
			MaxAge: o.AuditAge, AllowAtomicPublish: true, AllowDirect: true,
		},
	}
	for _, l := range rooms.Lanes() {
		table = append(table, jetstream.StreamConfig{
			Name: queueName(l), Subjects: rooms.QueueSubjects(l),
			Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew, MaxBytes: o.queueBytes(l),
			AllowDirect: true, AllowAtomicPublish: true, AllowMsgTTL: true,
		})
	}
	return table
}

// consumer is one durable consumer of a stream.
type consumer struct {
	stream, name string
	filters      []string
}

func plannerName(l rooms.Lane) string { return "plan-" + string(l) }
func dueName(l rooms.Lane) string     { return "due-" + string(l) }
func jobsName(c rooms.Channel) string { return "jobs-" + string(c) }

// consumers is the table of all durable consumers: none waits for another lane, and no two
// filters of a work queue overlap.
func consumers() []consumer {
	var table []consumer
	for _, l := range rooms.Lanes() {
		table = append(table,
			consumer{streamRooms, plannerName(l), rooms.LaneFilters(l)},
			consumer{streamSchedules, dueName(l), []string{rooms.DueSubject(l)}})
		for _, c := range rooms.Channels() {
			table = append(table, consumer{queueName(l), jobsName(c), []string{rooms.JobSubject(l, c)}})
		}
	}
	return table
}

// Manifest remembers which streams a store must hold.
type Manifest interface {
	Has(stream string) bool
	Add(stream string) error
}

// create makes every stream and consumer that is not there yet. A stream that the manifest
// names is never made anew: the broker has refused to start without it.
func create(ctx context.Context, js jetstream.JetStream, o Options, m Manifest) error {
	for _, c := range o.streams() {
		if _, err := js.CreateOrUpdateStream(ctx, c); err != nil {
			return fmt.Errorf("stream: create %s: %w", c.Name, err)
		}
		if err := m.Add(c.Name); err != nil {
			return err
		}
	}
	kv := jetstream.KeyValueConfig{Bucket: bucketRooms, History: 10}
	if _, err := js.CreateOrUpdateKeyValue(ctx, kv); err != nil {
		return fmt.Errorf("stream: create the bucket of rooms: %w", err)
	}
	if err := m.Add("KV_" + bucketRooms); err != nil {
		return err
	}
	return createConsumers(ctx, js, o)
}

func createConsumers(ctx context.Context, js jetstream.JetStream, o Options) error {
	for _, c := range consumers() {
		_, err := js.CreateOrUpdateConsumer(ctx, c.stream, jetstream.ConsumerConfig{
			Durable: c.name, FilterSubjects: c.filters, AckPolicy: jetstream.AckExplicitPolicy,
			AckWait: o.AckWait, MaxDeliver: -1, MaxAckPending: -1,
		})
		if err != nil {
			return fmt.Errorf("stream: create consumer %s of %s: %w", c.name, c.stream, err)
		}
	}
	return nil
}
