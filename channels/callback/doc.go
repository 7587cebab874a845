// Package callback tells senders how their messages stand.
//
// A client that has said where it is to be told (registry.Callbacks) gets a signed POST whenever the
// state of one of its messages has changed, at most once a second for each message, and when all is
// finished. A message may name another URL for itself. What is posted is a CloudEvent 1.0 in
// structured JSON:
//
//	{"specversion":"1.0","id":"01KAMV…-status-4711","source":"/rooms/newborn","type":"org.crier.message.status",
//	 "subject":"01KAMV…","time":"2026-11-22T08:00:01Z","datacontenttype":"application/json","data":{…}}
//
// data is what the API says of the message: counts, no contact. The number in id, which is the header
// webhook-id too, grows with each change, so a receiver that gets two out of order knows which is the
// later. Signatures and whom a call may reach are those of package outbound.
//
// Each reply to a message is told too (org.crier.message.replied), by the ids of room, message and reply alone: who wants to
// know what it says reads it. Where Letters gives what it says, the URL that the message names is told that instead: the JSON
// that Letters gives, under the header requestUid with the UMID, which webhook-id, that is signed, begins with too.
//
// Collector, which one node runs, follows EVENTS and stores for each message that has changed that its
// sender is to be told; what stood there and has not been told is replaced. Caller, which every node
// runs, takes these, reads the state of the message as it is now, and calls. A call that is not
// answered with 2xx is repeated as the policy says, for a day; 3xx and 4xx but 408, 425 and 429 end it,
// until the message changes again.
//
// Warner tells clients that have a callback that little is left of a quota (org.crier.quota.warning); that is tried a few times
// and not stored.
//
// Promised is that the last state of a message is told at least once, if the receiver takes it within
// a day. Not promised is that each state in between is told, nor that none is told twice. That a
// body was erased is no change. The URL that a message to named recipients names is known for as
// long as the message is. That of one to all subscribers is known for as long as its body is kept; a change after that, such as
// a late bounce, is told where the client is told otherwise.
package callback
