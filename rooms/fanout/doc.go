// Package fanout turns messages into jobs, one for each recipient.
//
// It promises that every recipient of a message gets exactly one first job, whatever happens in
// between: a page of at most 999 recipients becomes its jobs and a marker in one atomic step, a
// repeat is refused by the marker, and planning that was interrupted goes on behind the last one.
// Messages keep their order within a lane and channel; lanes do not wait for each other. Who is
// subscribed and active when the planner comes to him is reached, if the message is for him; a subscriber who leaves and
// joins again, or whose entry is changed, while the planning of a message is interrupted may be reached twice.
//
// Of several nodes one plans a lane, the one that holds its lease. Another goes on where it stopped,
// in the same order; what a planner still wants to enqueue whose turn is over is refused by the log.
//
// A message that is sealed with a key which no node holds yet waits, and with it its lane, until
// the key is there or the message has expired; one that the right key does not open is given up.
// A subscriber whose entry cannot be read is reported and not reached; nobody waits for him.
//
// A message that is paused is put aside: those behind it are planned, and the rest of it when it goes on, behind its last
// page, so that in its lane it comes later than it was published. What is left of a cancelled message is not planned; its
// named recipients are recorded as failed.
//
// It does not send anything, and it does not retry deliveries.
package fanout
