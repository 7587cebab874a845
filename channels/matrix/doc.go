// Package matrix sends by Matrix's client-server API (v3), as one user of a homeserver, and hears there what people have read
// and what they write.
//
//	providers:
//	  matrix: {kind: matrix, homeserver: "https://matrix.example.org", userId: "@clinic:example.org", accessTokenFile: /etc/crier/matrix}
//
// # What goes out
//
// One event m.room.message for each delivery: m.text, or m.notice for what clients are not to ring for (Options.Notices), with
// formatted_body where the HTML is a piece of a page. To a room it goes as it is; one that we are only invited to is joined. To a
// user it goes in his direct room. That room has an alias on our homeserver, a keyed hash of the user, and the homeserver
// gives an alias to one room only: whichever node creates the room first, the others find it, and no more than one is ever
// used. (The account data m.direct is not used: it is one value for all rooms, which each writer would replace as a
// whole.) If the key of the hash is taken away before the room was used under the next one, the person gets a second room.
//
// The transaction id of an event derives from the delivery, so the homeserver takes the same delivery once from the same
// device, for as long as it remembers transactions (Synapse: a day). With an access token all nodes are the same device. A
// homeserver ends the other sessions of a device that logs in, so with a password each node is a device of its own
// (deviceId-NODE), and only what the same node repeats is taken once.
//
// # What is answered
//
//	answer                                            outcome
//	200 with an event id                              sent
//	M_LIMIT_EXCEEDED, 429                             throttled, for retry_after_ms or Retry-After
//	401, M_USER_LOCKED, M_USER_SUSPENDED and the      deferred, unreachable: our account is not in order. The circuit breaker keeps
//	like, M_UNRECOGNIZED, 3xx                         deliveries until it is. After M_UNKNOWN_TOKEN the token is first refreshed, the
//	                                                  file read again, or logged in anew
//	M_NOT_FOUND of the user or the room               rejected, no-mailbox
//	the person has left, or has us put out            suppressed
//	M_FORBIDDEN otherwise, M_TOO_LARGE, other 4xx     rejected
//	4xx without an errcode                            deferred, unreachable: somebody between has answered
//	5xx, or none, of the message itself               deferred, unknown
//	5xx, or none, of what comes before                deferred
//
// That a person has left is known at once on the node that reads, and on the others after Options.Recheck.
//
// # What comes in
//
// One node reads /sync. A read receipt (m.read) of anybody else counts for the message and for those of ours before it, up to
// fifty; each of our events carries the token of its attempt, which other users see and cannot make. In a room to which a delivery was sent
// the first reader counts. Who refuses the invitation has had nothing: what waited there has failed, as suppressed.
//
// What somebody writes is heard in a room that he and we have for ourselves, and in another where it answers an event of ours
// (m.in_reply_to). Notices are what machines write. Leaving the direct room, refusing its invitation or putting us out is a
// STOP. Invitations to a direct room are accepted, so that people can begin; others once something is sent there. They are
// accepted beside the reading, which never waits for them: each is tried three times, ten seconds at most each time. What
// fails, what more than a thousand wait before, and what waits when the process ends is dropped; the person has to invite again.
//
// What was read up to now (next_batch) is kept on the homeserver, in our account data, once all of it is durable; until then
// it is read again. So no node keeps anything, and what comes twice has the same identity. What was written before
// the very first reading is not heard.
//
// # What it does not promise
//
// End-to-end encryption: rooms are created without, and who writes in an encrypted room is told in the clear that nobody can read
// it, about once a day. A person may turn encryption on in his room; our messages go on in the clear, and clients say so.
// Files that people send are not fetched, only their names or captions are heard; edits and reactions are not heard. Who hides
// his read receipts never makes a delivery delivered. A homeserver limits how fast a user may send: its administrator has to
// lift that for this one, or what is more is throttled.
package matrix
