// Package webpush sends notifications to browsers and apps by the Web Push protocol (RFC 8030), encrypted to each of them
// (RFC 8291, aes128gcm) and signed with the gateway's VAPID key (RFC 8292).
//
// What a service worker gets is JSON:
//
//	{"title":"Registry office","body":"Open at nine.","tag":"01KAMV…-3","room":"newborn","type":"reminder",
//	 "lane":"normal","lang":"ky","url":"https://portal.example.org/inbox"}
//
// title is the subject, or the sender's name, or that of the room; body the text, or what there is for SMS; lang the language
// that the person prefers, if he has said; url what Options.URL says. A push service takes 4096 bytes, so of a long body as
// much is sent as fits, cut between two characters, with an ellipsis. What is sent is padded to a multiple of 256 bytes, so
// that its length says little.
//
// TTL is the time that is left to the deadline, at most Options.MaxTTL; Urgency is high for emergencies, low for bulk, else
// normal. Topic derives from the delivery alone, as does tag: a delivery that comes again takes the place of the first where
// that still waits at the push service, and where the browser shows it already. A service that heeds neither shows it twice.
//
//	answer                             outcome
//	2xx                                sent; the last word, no receipt follows
//	404, 410                           rejected: the subscription has ended. Nothing more is sent there for a while
//	400, 401, 403                      deferred, not-configured: the key or what is signed with it is at fault, and not the
//	                                   person. Browsers hold a subscription to the key that it was made with
//	3xx, 408, 425, 429, 503            deferred, for as long as Retry-After says, from a minute to an hour
//	other 4xx, such as 413             rejected
//	other 5xx, and no answer           deferred; unknown where the notification may have been taken
//
// An answer has no body that could be asked: 404 and 410 are what RFC 8030 says of a subscription that has ended. A key that is
// refused shows in crier provider list as deferred, in the log, and as the alert that many deliveries fail, once they are so many.
//
// Who asks for patience is deferred and not throttled, as that would slow down all other push services.
//
// A subscription names the URL that is called, and it comes from a person, so calls are made as package outbound says: to
// public addresses only. Options.Services names the hosts of push services that are called at all, if any are named. Calls
// are made by HTTP/1.1. The answer's Location, which anybody who has it can ask about the notification, is not kept.
//
// The library github.com/SherClockHolmes/webpush-go does less than this: it fills every notification up to 4096 bytes, signs
// a token for each, and does its arithmetic outside crypto/ecdh.
package webpush
