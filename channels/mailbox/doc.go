// Package mailbox takes in the mail that deliveries by e-mail bring about: bounces, complaints, answers, the wish to get no
// more, and what machines write. It listens as an SMTP or LMTP server (RFC 5321, RFC 2033), or reads a mailbox by IMAP.
//
// It promises that
//
//   - mail is confirmed (250), or taken out of the mailbox, once what it says is durable, and not before; else the sender is
//     told to try again (451), or the mail stays. What comes twice has the same identity;
//   - nothing is relayed: recipients in other domains are refused (550 5.7.1);
//   - a bounce or a complaint counts for the attempt whose token it brings back: tokens are signed, so only those through
//     whose hands the message has gone can have written it. Ids without a signature, such as a Message-ID, count as unsignedIds
//     says; by default only of messages with one recipient, for whoever gets a message for many can guess the ids of the others;
//   - a complaint or a bounce is a report as a whole (RFC 6522), or comes from who carries mail; the same parts in another mail
//     are none. A complaint has no sender, for who reports it is not who complains;
//   - what cannot be told whom it concerns is passed on without a delivery, a bad token like none: whoever tries tokens learns
//     nothing. Dropped, and only counted, are reports of delay, attachments, and, by whoever takes them, mail of machines and
//     reports of which nobody knows what they are about. What comes while nobody listens is refused for the time being;
//   - contact and content reach no log, metric or error; neither does the text of other servers.
//
// Limits hold for connections at once, connections and mail from one source, recipients, size, and time, so that nobody keeps
// others out for long. Of a mailbox, mail that is too big is read as far as the limit.
//
// It does not check SPF, DKIM or DMARC, nor filter spam: a mail server before it does, and From may be anybody. It sends
// nothing, answers included.
package mailbox
