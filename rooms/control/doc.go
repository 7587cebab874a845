// Package control is what people do to messages that are under way: pause, resume and cancel them, and try anew what has
// failed.
//
// It promises that a decision is durable, and on record as an event, when a call returns; that doing it again changes
// nothing; and that one which was interrupted is put right by the next call or, within seconds, by the Keeper. It holds on
// the node that was asked at once and on the others within about a second: until then, and for as long as a provider has a
// delivery in hand, deliveries still go out. What has not gone out when a message is paused waits apart, so that it holds up
// nobody; it goes on in its order when the message is resumed, each delivery once. Its deadline does not wait. What has not
// gone out when a message is cancelled is recorded as failed, retries too.
//
// A Holder pauses a message by itself when too many of its deliveries have failed. It counts what is recorded, some ten
// times a second, so that more may fail than the policy says: what is in hand, and what is sent meanwhile. A process that
// dies in that moment counts again with the next failure.
//
// To try anew what has failed begins a round, of which there are rooms.MaxRounds: each delivery whose reason can be helped is
// queued again, with a time to live of its own, to where the person is now. It takes the body, which the log keeps for
// a while. Where the message was resumed before, that is on record once more, and a Holder counts those deliveries again. A
// subscriber whose id has changed since with the keys counts as one who has left.
//
// What went wrong can be dropped instead, one by one or over a room: it stays failed, and is never tried anew; it is on record
// who said so, as it is of what is tried anew. A sweep over a room is done in parts, and can be interrupted and done again.
//
// A delivery of which nobody knows whether it was sent, and that waits for a person to decide, is tried anew like one that has
// failed. What is dropped no longer counts for the hold of its message; one that fails at its deadline, as nobody decided, does.
//
// It does not recall what a provider has taken, nor what applications that read the room have got.
package control
