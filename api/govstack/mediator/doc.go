// Package mediator speaks the Pub/Sub API and the service metadata of the GovStack Information Mediator: openapi.yaml
// describes both. It is a façade: what it is asked it asks of crier, in crier's own words, and decides nothing itself.
//
// # What stands for what
//
//	application code     room, whose name has no capitals
//	event type           entry of the room; the type of its messages is the same name without capitals
//	event                message to the room's applications: {"eventType":…,"publisherId":…,"event":…}
//	event id             the UMID, whose 128 bits are written as a UUID
//	subscription, PULL   durable consumer of that type; FIFO: one that hands out nothing before the last is acknowledged
//	subscription, PUSH   webhook of that type, signed (Standard Webhooks), at the client's address + "/" + event type
//	TTL                  how long after its publication an event is handed out, or tried to be pushed
//
// # Promised
//
//   - An event id is given once the event is durable, and has passed the schema of its type.
//   - Whoever calls is known by a token or by a certificate. The header X-GovStack-Client says as which application; it is
//     believed alone only where a proxy that the operator has named shows its certificate.
//   - What is told of who publishes or subscribes is what the operator has registered: of a client that is not, its name as the
//     application alone, whatever member it says it is of.
//   - Nobody learns of the events and subscriptions of others: they are not there.
//
// # Not promised
//
//   - FIFO where events are pushed: one that has to be tried again comes later than its successors. It is refused.
//   - That an event which was withdrawn has not been read before.
package mediator
