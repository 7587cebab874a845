// Package sandbox is the provider that reaches nobody: it stands in for every channel where
// real e-mails and text messages must not leave, in development, tests and training.
//
// What it is given it keeps in memory, the latest Options.Keep of it, and shows on a page and
// as JSON (Sandbox is an http.Handler); or it hands it as JSON to another process by HTTP
// POST, if Options.URL is set. Both show contact and content in the clear: the page belongs
// on a loopback address, and the sandbox away from real data. Nothing outlives the process,
// receipts that were still to come included.
//
// # People who write back
//
// A POST of JSON writes as a person would who answers, or begins: {"from":"+996555000111","text":"STOP"}, with "to" if the
// address or number matters, with "umid" and "n" to answer one delivery that is shown, or with "kind" for what only a
// mailbox tells: "complaint", "automatic". It is answered with 202 when what was written is durable.
//
// # Recipients that fail on demand
//
// The local part of an e-mail address, or what follows its last "+", says what happens; so
// do numbers under +999000, which no country has. xx are any two digits.
//
//	e-mail                 number           what happens
//	temporary@…            +9990000100      deferred, at every attempt
//	temporary-2@…          +9990000102      deferred at the first 2 attempts (1 to 99), then sent
//	permanent@…            +99900002xx      rejected
//	timeout@…              +99900003xx      no answer within the time allowed
//	late@…                 +99900004xx      sent; the receipt "delivered" follows after Options.Late
//	bounced@…              +99900005xx      sent; the receipt "failed" (bounced) follows after Options.Late
//	throttled@…            +99900006xx      throttled, at every attempt
//	suppressed@…           +99900007xx      suppressed
//
// A throttled recipient slows his whole lane and channel down, as a provider's rate would.
// "ann+permanent@example.com" is rejected like "permanent@example.com". Everybody else's
// delivery is sent; whether a receipt follows at once is Options.Receipts. Where the sandbox
// stands in for several providers of a channel ([Sandbox.As]), one of them may fail for
// everybody.
package sandbox
