// Package consumers gives applications durable consumers of a room's messages to all subscribers.
//
// It promises that a consumer hands out every message that it was made for, in the order of the log,
// and again until it is acknowledged; that only its owner reaches it, and only with the tokens that he
// got from it; that no room and no client has more of them than Options say; and that the consumers of
// a room that is gone, or of a client that may no longer read it, are removed within five seconds, on
// whatever node and after whatever crash.
//
// It does not promise that a message comes once: what is not acknowledged in time, or was on its way to
// a client that is gone, comes again, and so does what a node handed out just before it died, which then
// may count as the first time. Nor that what a message says is still there: a body goes with the log, at
// its end of life, acknowledged or not. A client that is taken off a room's readers and put back within
// these five seconds may find its consumers gone, or not.
package consumers
