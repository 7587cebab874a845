// Package channelstest is the suite that every provider of channels must pass.
//
// Whoever writes a provider calls Run from a test of his package, with Features that say what
// the provider can show and how to provoke it: which contact is accepted, which one makes its
// peer defer, throttle, reject, suppress or fall silent. The suite then holds the contract of
// channels.Provider:
//
//   - each result comes with the fields that belong to it, and no others;
//   - an outcome, however it is printed, holds neither contact nor content;
//   - a refusal of one delivery leaves nothing behind that troubles the next;
//   - Send returns when its context ends, and then never says that the delivery was sent;
//   - 64 goroutines get each their own outcome (run it with -race);
//   - a message with nothing to say on the channel is rejected without asking anybody;
//   - line breaks and NUL in a subject or a name never reach the wire as such;
//   - a receipt that could not be recorded is offered again.
//
// What the suite does not know is the provider's protocol: reply codes, authentication,
// reconnecting and the like are for the provider's own tests.
package channelstest
