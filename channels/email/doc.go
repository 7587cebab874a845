// Package email hands deliveries to a mail relay over SMTP (RFC 5321).
//
// It promises that
//
//   - sent means that the relay has answered the end of the message with 250 and is responsible
//     for it; whether it reached the mailbox is told, if at all, by a later bounce, which this
//     package asks for (RFC 3461) and does not read;
//   - an attempt is the same bytes each time it is made, with the delivery's Message-ID, so that relay and
//     mailbox can tell a repetition; another attempt differs in the address for answers, where
//     that names the attempt, and in the signatures that cover it;
//   - what all recipients of a content read is composed once, while it is kept in memory, and each
//     message is what it would be if it were not;
//   - a connection that died while it waited for work costs nothing: the message goes over a new
//     one; once the whole message has been handed over without an answer nobody knows whether it
//     was taken, and the outcome says so (reason unknown) instead of sending it again;
//   - a recipient domain that is slow holds up others only as far as its own share of connections (maxPerDestination): who finds
//     that taken, and would wait for long, comes again later by himself, with no attempt counted. By default that share is all of
//     them, so that a domain to which most people belong is served as fast as can be;
//   - where all connections are busy an emergency has the next that is free, then the normal lane, then bulk; so none is kept
//     free for emergencies. To wait for a connection is no fault of the relay's, and costs no attempt (see package lanes);
//   - to a person who has a key (S/MIME or OpenPGP) nothing goes in the clear but the addresses: his
//     messages are encrypted, other bytes each time, and a key that does not do rejects them;
//   - an e-mail with copies is one message in one transaction, and whom a blind copy goes to stands in no header. The one
//     it is to decides: if he is refused nobody gets it. A copy that is refused for good is left out; one that is
//     refused for now holds the first attempt back, and is left out of the later ones. Of a copy no bounce is asked for,
//     so that none is taken for the delivery's, but a relay without DSN may send one all the same: that is taken for the
//     delivery's own, which then has failed, though the one it is to may have the message;
//   - credentials leave only over a connection whose certificate has been verified, or to this
//     machine itself;
//   - what the relay writes in its replies goes nowhere; only its codes and its queue id are kept,
//     and the wait that it asks for is granted.
//
// Enhanced status codes decide whether a message is tried again, given up, or given up with its
// address left alone: see codes.go. DKIM signatures cover what mail programs show, so that no
// second From can be put in front, and List-Unsubscribe. An S/MIME signature is made for the addresses
// that its certificate names, and stands inside of what is encrypted, where that is S/MIME too: what is encrypted with OpenPGP
// is not signed.
//
// It does not look up MX records or read bounces: these are the relay's work and a mailbox's. How
// the relay reaches other servers, by DANE (RFC 7672) or MTA-STS (RFC 8461), is the relay's policy
// too; the connection to the relay itself has its own, Options.TLS. It does not pipeline; deliveries
// go side by side over several connections, each used many times.
package email
