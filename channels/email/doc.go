// Package email hands deliveries to a mail relay over SMTP (RFC 5321).
//
// It promises that
//
//   - sent means that the relay has answered the end of the message with 250 and is responsible
//     for it; whether it reached the mailbox is told, if at all, by a later bounce, which this
//     package does not read;
//   - attempts of one delivery are the same bytes, with the same Message-ID, so that relay and
//     mailbox can tell a repetition;
//   - a connection that died while it waited for work costs nothing: the message goes over a new
//     one; once the whole message has been handed over without an answer nobody knows whether it
//     was taken, and the outcome says so (reason unknown) instead of sending it again;
//   - credentials leave only over a connection whose certificate has been verified, or to this
//     machine itself;
//   - what the relay writes in its replies goes nowhere; only its codes and its queue id are kept.
//
// It does not look up MX records, sign (DKIM), or read bounces: these are the relay's work. It
// does not pipeline; deliveries go side by side over several connections, each used many times.
package email
