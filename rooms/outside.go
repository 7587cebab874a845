package rooms

import (
	"encoding/base64"
	"strings"
)

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

// PublishFilter selects what anybody publishes into any room: crier.from.<client>.<room>, where
// what a client sends to PublishSubject arrives under its name.
const PublishFilter = "crier.from.*.*"

// PublishSubject is where clients publish a message for a room: crier.publish.<room>.
func PublishSubject(r Room) string { return "crier.publish." + string(r) }

// PublishedBy is where it arrives.
func PublishedBy(c Client, r Room) string {
	return "crier.from." + base64.RawURLEncoding.EncodeToString([]byte(c)) + "." + string(r)
}

// ParsePublishedBy reads who has published into which room.
func ParsePublishedBy(s string) (Client, Room, error) {
	f := strings.Split(s, ".")
	if len(f) != 4 || f[0] != "crier" || f[1] != "from" {
		return "", "", ErrSubject
	}
	name, errD := base64.RawURLEncoding.Strict().DecodeString(f[2])
	c, errC := ParseClient(string(name))
	r, errR := ParseRoom(f[3])
	return c, r, subjectError(errD, errC, errR)
}

// RepliesFilter selects who asks what people have written to any room: crier.reads.<client>.<room>, where what a client sends
// to RepliesSubject arrives under its name.
const RepliesFilter = "crier.reads.*.*"

// RepliesSubject is where clients ask for what people have written to a room: crier.replies.<room>.
func RepliesSubject(r Room) string { return "crier.replies." + string(r) }

// RepliesAskedBy is where that arrives.
func RepliesAskedBy(c Client, r Room) string {
	return "crier.reads." + base64.RawURLEncoding.EncodeToString([]byte(c)) + "." + string(r)
}

// ParseRepliesAskedBy reads who asks for the replies of which room.
func ParseRepliesAskedBy(s string) (Client, Room, error) {
	rest, ok := strings.CutPrefix(s, "crier.reads.")
	if !ok {
		return "", "", ErrSubject
	}
	return ParsePublishedBy("crier.from." + rest)
}

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
