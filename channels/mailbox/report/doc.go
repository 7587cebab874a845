// Package report reads a mail that has come in and says what it is: a bounce (RFC 3464, and those that are none), a complaint
// (RFC 5965), what a machine wrote (RFC 3834), the end of a subscription, or an answer of a person with his own words.
//
// It promises that
//
//   - it is a pure function of the mail's bytes and its envelope, for any bytes: broken MIME is read as far as it makes sense,
//     and what cannot be told is an answer, so that a person sees it;
//   - the work is bounded: depth and number of parts, length of header and text;
//   - contact and text are held as rooms.Address and rooms.Body, which nothing prints; codes are digits.
//
// It does not decide whom a mail concerns: it gives the tokens and ids that it has found, signed ones apart from those that
// anybody could have written.
package report
