// Package quota bounds how many messages a client publishes: over all rooms as the operator says, and into a room, or on a
// lane of it, as the room's policy says.
//
// Emergencies count by themselves, so that nothing else that was sent holds one back. What says nothing of them bounds them
// by the same numbers, but by no fewer than 10 a minute and 100 a day; and where it is not known how many were sent, they go.
//
// A quota holds for a minute and for a day, both sliding. A message counts in the second, or the five minutes, in which it was
// received and in the 60 seconds, or 24 hours, of such that follow; so in no 60 seconds, and in no 24 hours, more are accepted
// than the quota says.
//
// What was accepted is heard of from the index, whichever node has accepted it; what this node is about to accept is counted
// from the start. So one node never goes beyond a quota, and several go beyond it by no more than what others accept before
// this one reads of it in the log. A node does not know how far it is behind at every moment: it makes sure again and again
// that it is not further than Options.MaxLag, and refuses with rooms.ErrQuotaUnknown where a quota applies while it cannot.
//
// Counts are kept in memory alone; they are made anew from the index. Messages are counted by the time of the node that has
// received them.
package quota
