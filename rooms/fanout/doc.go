// Package fanout turns messages into jobs, one for each recipient.
//
// It promises that every recipient of a message gets exactly one first job, whatever happens in
// between: a message is cut into pages, a page becomes its jobs and a marker in one atomic
// step, and a repeat of either is refused by its marker. Messages of a room keep their order
// within a lane and channel; lanes do not wait for each other. A subscriber who leaves before
// his page becomes jobs is recorded as suppressed; one who joins after the cut is not reached.
//
// It does not send anything, and it does not retry deliveries.
package fanout
