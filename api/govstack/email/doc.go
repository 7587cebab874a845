// Package email is GovStack's e-mail API (Messaging Building Block, OpenAPI 0.1.1): it reads its calls and translates them to
// crier's own.
//
// # Promised
//
//   - A call to send is one message to named recipients in the room of its client (rooms.EmailRoom), and each of its e-mails
//     one delivery: whom it is to, its copies and its blind copies together. Its requestUid is the message's UMID.
//   - Calls are read strictly: unknown and repeated members, wrong types, texts with control characters, and addresses with
//     names, comments or groups are refused, with the place and a stable code. A batch is refused whole, and the entries that
//     are wrong are named.
//   - The addresses of a batch are read from their base64 as they come, and never stand in memory decoded.
//   - A status counts deliveries: scheduled those that have not begun, processing those that are queued or sent, deferred those
//     that are to be tried again, bounced those that came back, notSent all others that have failed, delivered those that
//     have arrived. Each delivery counts once.
//   - The callback of a call is told of its message, and of no other. What signs those calls is the client's secret, which an
//     admin is shown with the client's key.
//   - A reply to a call's e-mail is kept until its sender takes it (GET and DELETE /reply/email, which the specification does
//     not have) or it is too old. The callback of the call is told its ids or, of a client that is registered so, all that
//     it says.
//   - What people see as the sender is what is registered for the client. Who says that it is another organisation, or writes
//     on behalf of one, is refused: each name is one that is registered for the client, and each number the one that is.
//
// # Not promised
//
//   - HTML: the content is plain text, in UTF-8.
//   - That a sent e-mail ever counts as delivered: few relays say so. The policy of the room may take the relay's word for it.
//
// A count costs the reading of one summary, and where deliveries have failed that of the packed states of this one message,
// whose recipients are bounded when it is sent.
package email
