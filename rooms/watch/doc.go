// Package watch tells the operators what needs a person: once when it begins, and once when it is over.
//
// A condition is something that holds or does not, such as a provider that does not answer. What holds is seen by looks,
// each at things of one kind, every few seconds. It is said when it has held for a while without a break, and said to be over
// when it has been gone for as long.
//
// Each alert has an id that derives from what it is about and from the stretch of time in which it was seen to begin. The id is
// the transaction of a message, so that one that is said again, by a process that was started anew or by a node that
// has taken over, is one message; and that what comes and goes is said once in a stretch. What lasts is said in a later stretch if in
// this one it was held to be said before: so no alert that counts stays unsaid, and some are repeated, once.
//
// What cannot be told is logged, and told as soon as that is possible. What cannot be looked at neither begins nor ends.
//
// Not promised: that the end of what ended while nobody looked is said. What was said stands in memory only: a
// process that is started anew, or a node that takes over, knows it again when the condition has held there for as long as it takes to be said.
package watch
