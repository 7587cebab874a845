// Package feed keeps at hand which alerts of a room are in force, and writes them as an Atom feed (RFC 4287).
//
// # Promised
//
//   - An alert is in the feed from when it was sent until it expires, another takes its place, it is cancelled, or the log no
//     longer has it; so is a Cancel, by which others learn of it. What waits for its time or for a second person is not.
//   - Every node writes the same feed of the same log: its times are those of the log and of the alerts.
//   - It is bounded: so many of the newest alerts, of each the beginning of what it says.
//
// # Not promised
//
//   - That the feed holds an alert for longer than a message may take to expire, whatever the alert says.
package feed
