package stream

import (
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
	streamCallbacks   = "CALLBACKS"
	streamParked      = "PARKED"
	streamReceipts    = "RECEIPTS"
	streamInbound     = "INBOUND"
	streamClaims      = "CLAIMS"
	streamLeft        = "LEFT"
	bucketRooms       = "rooms"
	bucketLeases      = "leases"
	bucketBlocked     = "blocked"
	bucketClients     = "clients"
	bucketPolicies    = "policies"
	bucketControls    = "controls"
	bucketSenders     = "senders"
	bucketDepartures  = "departures"
	bucketProviders   = "providers"
	bucketAPIKeys     = "apikeys"
	bucketKeys        = "keys"

	bucketSuppressions = "suppressions"
	streamConfig       = "KV_" + bucketRooms   // what the bucket is kept in
	streamClients      = "KV_" + bucketClients // likewise
)

func queueName(l rooms.Lane) string { return "JOBS-" + strings.ToUpper(string(l)) }

// streams is the table of all streams.
func (o Options) streams() []jetstream.StreamConfig {
	table := []jetstream.StreamConfig{
		{
			Name: streamRooms, Subjects: []string{rooms.MessageFilter, rooms.DirectFilter, rooms.HeldFilter},
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
			MaxMsgsPerSubject: formerKept, AllowDirect: true, AllowAtomicPublish: true,
		},
		{
			Name: streamSchedules, Subjects: []string{rooms.ScheduleFilter, rooms.DueFilter},
			Retention: jetstream.WorkQueuePolicy, AllowMsgSchedules: true, AllowMsgTTL: true, AllowDirect: true, AllowAtomicPublish: true,
		},
		{
			Name: streamCallbacks, Subjects: []string{rooms.CallbackFilter}, Retention: jetstream.WorkQueuePolicy,
			MaxMsgsPerSubject: 1, MaxAge: callbackAge, AllowAtomicPublish: true, AllowDirect: true,
		},
		{
			Name: streamParked, Subjects: []string{rooms.ParkedFilter},
			MaxAge: o.MarkerTTL, Duplicates: o.Duplicates, AllowDirect: true, AllowAtomicPublish: true,
		},
		{
			Name: streamReceipts, Subjects: []string{rooms.ReceiptFilter},
			MaxAge: o.ReceiptAge, Duplicates: min(o.Duplicates, o.ReceiptAge), AllowDirect: true, AllowAtomicPublish: true,
		},
		{
			Name: streamInbound, Subjects: []string{rooms.InboundFilter, rooms.UnmatchedFilter},
			MaxAge: o.InboundAge, Duplicates: min(inboundDuplicates, o.InboundAge), MaxBytes: o.InboundBytes, Discard: jetstream.DiscardNew, AllowDirect: true, AllowAtomicPublish: true,
		},
		{
			Name: streamClaims, Subjects: []string{rooms.ClaimFilter},
			MaxAge: o.MarkerTTL, AllowMsgTTL: true, AllowDirect: true, AllowAtomicPublish: true,
		},
		{
			Name: streamLeft, Subjects: []string{rooms.LeftFilter},
			MaxMsgsPerSubject: 1, MaxAge: o.LeftAge, AllowDirect: true, AllowAtomicPublish: true,
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
	for i := range table {
		table[i].Replicas = o.Replicas
	}
	return table
}

// PersonalStreams are those out of which what is kept of a person is erased when he asks for it.
func PersonalStreams() []string {
	names := []string{streamSubscribers, streamInbound, streamSchedules, streamParked}
	for _, l := range rooms.Lanes() {
		names = append(names, queueName(l))
	}
	return names
}

// buckets is the table of all key-value buckets.
func (o Options) buckets() []jetstream.KeyValueConfig {
	return []jetstream.KeyValueConfig{
		{Bucket: bucketRooms, History: 10, Replicas: o.Replicas},
		{Bucket: bucketLeases, History: 1, Replicas: o.Replicas},
		{Bucket: bucketBlocked, History: 1, Replicas: o.Replicas},
		{Bucket: bucketClients, History: 1, Replicas: o.Replicas},
		{Bucket: bucketPolicies, History: 1, Replicas: o.Replicas},
		{Bucket: bucketControls, History: 1, Replicas: o.Replicas},
		{Bucket: bucketSenders, History: 1, Replicas: o.Replicas},
		{Bucket: bucketAPIKeys, History: 1, Replicas: o.Replicas},
		{Bucket: bucketSuppressions, History: 1, Replicas: o.Replicas},
		{Bucket: bucketProviders, History: 1, Replicas: o.Replicas},
		{Bucket: bucketKeys, History: 1, Replicas: o.Replicas},
		{Bucket: bucketDepartures, History: 1, TTL: departureAge, Replicas: o.Replicas},
	}
}

// consumer is one durable consumer of a stream.
type consumer struct {
	stream, name string
	filters      []string
}

func plannerName(l rooms.Lane) string { return "plan-" + string(l) }
func dueName(l rooms.Lane) string     { return "due-" + string(l) }
func jobsName(c rooms.Channel) string { return "jobs-" + string(c) }

const wakeName = "due-release"

// consumers is the table of all durable consumers: none waits for another lane, and no two
// filters of a work queue overlap. Each channel has its own, also where no provider stands behind
// it: its jobs are answered, and do not fill the queue of the others.
func consumers() []consumer {
	table := []consumer{
		{streamCallbacks, callbackName, []string{rooms.CallbackFilter}},
		{streamSchedules, wakeName, []string{rooms.WakeSubject}},
	}
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
