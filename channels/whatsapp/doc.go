// Package whatsapp sends by WhatsApp's Cloud API, and hears what Meta calls back: what became of messages, and what people write.
//
//	providers:
//	  whatsapp:
//	    kind: cloud
//	    phoneNumberId: "106540352242922"
//	    tokenFile: /etc/crier/whatsapp.token
//	    secretFile: /etc/crier/whatsapp.secret
//	    verifyFile: /etc/crier/whatsapp.verify
//	    templates:
//	      - {room: newborn, language: ky, name: visit_reminder, body: [name, text]}
//	      - {name: notice, code: en, header: [subject], body: [text]}
//
// # What goes out
//
// One call of messages for each delivery. A business may begin to speak only in templates that Meta has approved, so the
// first of Options.Templates that fits room, type and language is filled in; its parameters are what subject, text, sms, name and
// value.NAME are for the delivery, in one line each, as templates want it. Where none fits, the text itself goes out, behind the
// subject: that is taken within 24 hours after the person has written, say as the answer to HELP, and else refused (131047).
// A text of more than 4,096 characters is Rejected (too-long), so that nobody gets half of it.
//
//	answer                                         outcome
//	2xx with an id                                 sent; a receipt follows where secretFile is there
//	131026 undeliverable                           rejected, no-mailbox: mostly, the number has no WhatsApp; until somebody writes from there
//	131047 the person has not written lately       rejected
//	131050 the person wants nothing of the kind    suppressed
//	131021, 131030, 131049, 130472, 130497         rejected: Meta delivers it to this person not, or not now
//	4, 80007, 130429, 429                          throttled
//	131056 too much to this person                 deferred, a minute: others need not wait for him
//	131048 too much of ours is taken for spam      deferred, a quarter of an hour
//	0, 3, 10, 190, 200 to 299, 401, 403, 368,      deferred, unreachable: token or account are no good. The circuit breaker
//	131005, 131031, 131042, 131045, 133010         keeps deliveries until that is put right
//	33, 100, 131008, 131009, 131051, 132xxx, and   deferred, not-configured: the template or the request is not as Meta wants
//	any other 4xx                                  it, which is ours to put right, and fails nobody's message for good
//	all else                                       deferred
//	none, before the request was written           deferred, unreachable or timeout
//	none, after that; or 2xx without an id         deferred, unknown
//
// Of an answer codes are kept, no words. The provider id is a hash of Meta's (wamid…), in which the person's number can be read.
//
// # What comes in
//
// Meta calls one URL for everything, api.publicURL + /v1/inlets/NAME/inbound, which first asks whether it is the right one
// (hub.challenge), and knows by a word in verifyFile. Each call is signed with the app's secret. A call may have many
// things of several kinds; each is durable before the call is answered, and a call that comes again does nothing more.
//
// A message tells its receipts which attempt it was (biz_opaque_callback_data has the attempt's token); those that do not say
// are found by the provider id. Read is delivered. A failure that Meta tells only in a receipt ends the delivery with the reason
// of the table above; what would have been deferred is bounced.
//
// People write to the number, which rooms claim as an address of their inbox; what answers a message of ours belongs to that
// message. Buttons and lists say what stands on them, pictures their caption, and what has no words its kind in brackets, such
// as [audio]. Reactions are not heard.
//
// Who answers a message of ours is whom that message went to, whatever WhatsApp calls him. For others it has the number that
// WhatsApp uses (wa_id), which for some telephones of Mexico (521…), Argentina (549…) and Brazil (without the ninth digit) is not
// the one that a message was sent to; where nothing was sent to the one, and something to the other, that other has written.
//
// # What it does not promise
//
// Whether somebody has written within 24 hours is known to Meta alone. The Cloud API has nothing against doubling: an attempt
// that is repeated because nobody knows of the first may arrive twice. Named parameters, pictures and buttons of templates are not
// filled in. Calls about another number of the same app are passed over: give each number a URL of its own.
package whatsapp
