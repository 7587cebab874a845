// Package release looks after messages that wait in the room's log: for their time, for the next time of a series, or for
// a second person. When its time has come a message is appended anew, under its own UMID, where all who read the room find
// it, and the entry that waited is erased.
//
// Promised: a message goes once, and not before its time, whoever crashes and however often it is looked at; one that was
// accepted is looked at, since what its node did not get done is found by a pass over all that wait. One that is cancelled
// or has expired never goes, nor does one of a room that is gone, or that its publisher may not publish any more when its
// time comes: it is cancelled. Of a series each time is a message of its own, which is made once; after a long silence only
// the latest time is made up for, if a message of that time would not have expired.
// Times at which the series was paused are left out, and those at which a quota of its publisher is used up.
//
// Not promised: that it goes on the second: the log's schedules fire within about a second, and a message that is paused
// when its time comes is looked at again every Options.Again. A process that is stopped between its look at the index and
// its append, for longer than the log's Duplicates window, and goes on then, could send twice; each look ends after a
// minute for that reason.
//
// The log is the truth: schedules only say when to look, and may be lost or come twice.
package release
