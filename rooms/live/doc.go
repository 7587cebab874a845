// Package live hands a room's messages to all subscribers on to those who listen, while they listen.
//
// It promises that a listener gets every message that the log keeps after its starting point, once
// and in the order of the log, from the present or from the past, without gap or repeat where the
// two meet; that whoever asks for messages that the log no longer has is told so; that each message
// is read and rendered once for all who listen on this node, however many; and that a listener who
// is slow keeps nobody waiting and costs no memory: what is no longer at hand it reads from the log
// by itself. A room is followed only while somebody listens to it.
//
// It does not promise that a message is told which was erased before the listener came to it, nor
// that this can be noticed where the log keeps others before it. Who may listen, and when a listener
// has to go, is the caller's to say. Where this node is cut off from the others, listeners are told
// ErrUnavailable within half a minute, so that they try elsewhere.
package live
