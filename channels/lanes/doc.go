// Package lanes has deliveries that wait for the same thing served by lane: a connection, a place in a window, a moment that a
// rate leaves. Whatever waits, an emergency has the next one that is free. None is kept for emergencies: that would only stand
// idle between them, and save the time that one call of others takes.
//
// Places are so many altogether and so many at each destination. Where that share leaves some to others, a destination that is
// slow holds up nobody else: who finds it full waits here only if he is the first of his lane, or if his turn comes within about a
// second at the pace at which places there have become free of late; within three if one became free within the last second.
// Everybody else is turned away at once, with the time after which it is worth coming again: one after the other, at that pace,
// and within a minute; spread over the last quarter of it if there are more. So many deliveries to one slow destination cost the
// queue a hand-back each, and those that come again in vain about one more a minute. Of emergencies as many wait
// as the destination has places, and the others come again every second: once it has recovered, only what comes within that
// second can be served before them.
//
// Where all are busy, and not only those of one destination, who comes waits: at most half a minute, or half of the time that is
// left to his call, so that time for the call itself is left. Whoever is turned away has lost nothing: nothing was sent.
package lanes
