// Package httpsms sends text messages through whatever provider takes them by HTTP, and hears what the provider calls back:
// receipts, and what people write. It knows no provider; everything is configuration, and for some providers a profile of
// this package is that configuration.
//
//	providers:
//	  sms: {kind: http, name: twilio, http: {profile: twilio, account: AC…, from: "+1…", secretFile: /etc/crier/twilio}}
//
// Beside a profile more can be said, which then takes the place of what the profile says, in maps entry by entry. A field of
// a form whose text is empty is left out, so that a profile's can be taken away.
//
// # What goes out
//
// One request for each delivery. Its parts are templates (text/template) of these values, and of nothing else; they have
// actions {{.value}}, conditions {{if}} with eq, ne, and, or, not, and no more:
//
//	to, toDigits        the number, with and without its +
//	from, fromDigits    the sender of the message, or of the configuration
//	text                what is said
//	id                  the same for every attempt of a delivery; a delivery that was given up and is tried anew has another
//	attempt             from 1
//	validity            minutes until nobody should get it any more; validitySeconds likewise; at most maxValidity
//	encoding, segments  gsm7 or ucs2, and how many SMS the text takes
//	receiptURL          where the provider reports what became of this attempt; empty if nobody reaches this gateway
//	inboundURL          where it reports what people write
//	account, secret     of the configuration; the secret comes from its file
//
// Whatever is in a value, it stays a value: form and query are encoded, JSON is made of a tree whose leaves are templates, an
// action in XML is escaped, and neither URL nor headers have any of the text. A part of form, query, JSON or headers that is
// empty is left out. A leaf {$number: template} is a number.
//
// # What is answered
//
// Rules are looked at in order: the first of which status and field fit says what became of the delivery. After them come
// those of doc.go's table:
//
//	answer                                          outcome
//	2xx                                             sent
//	429                                             throttled, for as long as Retry-After says
//	3xx, 401, 402, 403, 404, 405, 407, 408, 425     deferred: the account or the configuration is wrong, not the number
//	other 4xx                                       rejected
//	all else                                        deferred
//	none, before the request was written            deferred, unreachable or timeout
//	none, after that; or 2xx without the id that    deferred, unknown
//	the configuration expects
//
// Nothing of an answer is kept but the provider's id and code, each one short word that does not have the number in it.
//
// # What comes in
//
// A call has to prove that it is the provider's: by an HMAC, a JSON Web Token with the hash of the body, a password or a secret
// that the provider repeats, and by the network that it comes from. Whoever calls otherwise learns nothing. Receipts name their
// attempt by a token in the URL that the provider was given, or by the provider's own id. It is answered once what was said
// is durable; until then, and while nobody listens, the provider is told to come again. The same call twice does nothing
// more than once.
//
// # What it does not promise
//
// XML of others is never parsed; a regular expression finds what stands there. A provider that answers one call for several
// deliveries is called for each of them alone.
package httpsms
