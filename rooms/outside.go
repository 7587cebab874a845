package rooms

import "strings"

// What NATS clients from outside use. They name a service of JetStream with a prefix of its own,
// since JetStream itself answers what begins with $JS.API.
const (
	// StreamName is the stream that durable consumers of applications read.
	StreamName = "ROOMS"
	// APIPrefix stands, for clients, in the place of $JS.API.
	APIPrefix = "JS.crier.API"

	engineAPI = "$JS.API"
)

// LiveSubjects are where a room's messages to all subscribers can be heard as they are published:
// live.<room>.<lane>.<type>.
func LiveSubjects(r Room) string { return "live." + string(r) + ".>" }

// PublishFilter selects the service for publishing into any room.
const PublishFilter = "crier.publish.*"

// PublishSubject is where a message for a room is published: crier.publish.<room>.
func PublishSubject(r Room) string { return "crier.publish." + string(r) }

// PublishedTo is what stands for the room in crier.publish.<room>; it may be anything.
func PublishedTo(subject string) string { return strings.TrimPrefix(subject, "crier.publish.") }

// ConsumerCalls are what a client has to call to work with a durable consumer of its own, by the
// subject that it knows and the one where that is answered.
func ConsumerCalls(consumer string) map[string]string {
	calls := map[string]string{AckSubjects(consumer): AckSubjects(consumer)}
	for _, c := range []string{".CONSUMER.INFO.", ".CONSUMER.MSG.NEXT."} {
		calls[APIPrefix+c+StreamName+"."+consumer] = engineAPI + c + StreamName + "." + consumer
	}
	return calls
}

// AckSubjects are where messages of a consumer are acknowledged.
func AckSubjects(consumer string) string { return "$JS.ACK." + StreamName + "." + consumer + ".>" }

// Filters of what JetStream answers for any consumer.
const (
	ConsumerInfoFilter = engineAPI + ".CONSUMER.INFO." + StreamName + ".*"
	ConsumerNextFilter = engineAPI + ".CONSUMER.MSG.NEXT." + StreamName + ".*"
	AckFilter          = "$JS.ACK." + StreamName + ".*.>"
)
