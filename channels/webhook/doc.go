// Package webhook is the provider that posts messages to applications.
//
// Each delivery is a CloudEvent 1.0 in structured JSON, application/cloudevents+json:
//
//	{"specversion":"1.0","id":"01KAMV…-3","source":"/rooms/newborn","type":"org.crier.message",
//	 "subject":"01KAMV…","time":"2026-11-22T08:00:00.123Z","datacontenttype":"application/json",
//	 "lane":"normal","messagetype":"reminder","data":{…}}
//
// data is the content byte for byte as it was published. id is UMID and recipient number; it is the
// header webhook-id too, and the same at every attempt. The call is signed as package outbound says,
// which also says whom it may reach.
//
//	answer                          outcome
//	2xx                             sent; that is the receipt, none follows
//	410 Gone                        suppressed
//	3xx, and 4xx but 408, 425, 429  rejected
//	all else, and no answer         deferred, for as long as Retry-After says, from a minute to an hour
//
// A receiver that asks for patience is deferred and not throttled: throttling would slow down all
// the others. An address that may not be called is rejected.
package webhook
