// Package channels takes deliveries to people: the Bridge pulls jobs and has a Provider send
// each of them, and Provider is the contract that whoever adds a channel has to keep.
//
// # Writing a provider
//
// A provider is a package of its own under channels/. It has one method:
//
//	type Provider struct{ … }
//
//	func (p *Provider) Send(ctx context.Context, d rooms.Delivery) channels.Outcome
//
// d has the contact (d.To.Address.Reveal()) and the content. Send hands it over and answers
// with one of six results; what the bridge makes of each:
//
//	result      say it when                               what follows
//	Sent        the other side has taken responsibility   recorded as sent; a receipt may follow
//	Deferred    not now: no connection, no answer, 4yz    recorded as errored; the next attempt as the
//	                                                      policy says, or after Outcome.After; it
//	                                                      counts against the provider's health
//	Throttled   the rate is used up                       nothing recorded, no attempt counted; the lane
//	                                                      pauses for Outcome.After, at most a minute
//	NoRoom      no connection is free for it yet          nothing recorded, no attempt counted, no sign of
//	                                                      health; it alone comes again after Outcome.After
//	Rejected    never: no such mailbox, 5yz               recorded as failed
//	Suppressed  this person may not be written to         recorded as failed
//
// The reason of a Deferred matters where there are several providers: rooms.Unreachable, rooms.TimedOut and rooms.Unknown say
// that the provider itself may be dead, any other that it lives and asks to come later. What is the recipient's own matter, by
// the codes 4.1.x and 4.2.x of RFC 3463, is held against nobody; nor is a rejection.
//
// Rules, all of them tested by channelstest.Run, which every provider's own test calls:
//
//   - Send returns when its context ends, with Deferred and the reason rooms.TimedOut, or
//     rooms.Unknown if the other side may have taken the delivery, or with NoRoom. Once the context has ended
//     it sends nothing.
//   - Send is called from many goroutines at once, and keeps nothing of the delivery.
//   - The same delivery may come again with the same d.ID, after a crash. Whatever the protocol
//     has against doubling (Message-ID, idempotency key) derives from d.ID alone.
//   - Nothing to send on this channel (d.Content.For) is Rejected with rooms.NoContent.
//   - Outcome.Code and Outcome.ProviderID are kept for years and read by many: codes and ids of
//     the protocol only, never text of the other side, which likes to quote the address.
//   - What a person wrote may hold line breaks and control characters; none reaches the wire raw.
//
// A provider that hears later what became of a delivery also implements Receipts; they are read on
// every node, unless it implements OneReader. One to which people write implements Inbox, read likewise, and one that others call by HTTP
// Inlet, at /v1/inlets/NAME/receipt and …/inbound of every node; an Ear hands on what they say. It needs no
// retry, no queue, no rate of its own unless the other side sets one: all that is the bridge's.
// Where it has so many connections only, package lanes gives them out, the most urgent lane first, and says NoRoom (Full).
// A panic costs one attempt. The sandbox (channels/sandbox) is a small provider to begin from.
// Whoever has options makes them a struct with yaml tags, WithDefaults and Check, reads credentials by channels/credential,
// and shows them nowhere.
// At last the provider is named in cmd, in the table from channel to Configured, with its weight and rate.
//
// # What the bridge promises
//
// Every job ends in an event: sent, or failed with a reason; and each attempt that failed
// before has one, too. The event is durable before the job is gone, and the retry is durable
// before the event that announces it. A job that may have been worked on before (it was handed
// out already, it is a retry, or it was in the queue when this process began) waits until all
// events up to now are known, and is dropped if they make it Needless.
//
// Lanes never wait for each other: each lane and channel has its own workers, and pulls no more
// than it has workers free. A provider that does not return keeps its worker, while its job is
// given up as unknown and tried again; so a hung provider can stop its channel, but not fill
// the memory. A channel may have several providers: the first attempts are shared out among them by
// weight, further attempts of a delivery go to the others in turn. A provider with a rate is given
// that many deliveries a second by all nodes together, each at even distances, the most urgent lane first: an
// emergency leaves next, or next but one. Where a provider's connections are all busy, or a window is full, an emergency has the
// next that is free; none is kept for it. What finds no room at a destination that is slow, such as a mail domain with a share of the
// connections, gives its worker to others and comes again at the pace of that destination, within a minute; of a lane and channel
// up to Options.MaxWaiting wait so. Nothing is sent after its deadline; what nobody pulls until then, say in a pause,
// the bridge finds and records as failed (expired). If no further attempt fits before the
// deadline the delivery fails at once, as expired, with the last code of the provider.
//
// What the policy of a message says of its deliveries holds, but for emergencies, which wait for
// nothing: in quiet hours an attempt is postponed, uncounted, until the first moment that is
// allowed (a webhook has none: it is an application's), as it is while its person has had as many messages of the room as the policy lets
// through; a retry is planned for such a moment at once. Where the rules cannot be read, nothing
// is sent. A delivery that fails for good on its channel, or is not delivered there in the time
// that the policy leaves it, goes on on the person's next channel, once; from then on the first
// channel's attempts are needless, but its receipt is still heard. A confirmation without a receipt
// counts as delivered there.
//
// Jobs of a message that is paused are taken out of their lane, so that they hold up nobody, and stored apart; package
// control takes them back. That costs as much as to settle them, so a lane with very many gives way at the speed at which
// the log settles jobs. Jobs of a cancelled message are recorded as failed. What was decided is asked as late as can be:
// whatever is with a provider by then goes out.
//
// Where the policy avoids duplicates, each attempt is claimed in the log before the provider is called, and no attempt is made
// twice: one that is found claimed, without a record of how it ended, is errored for the reason unknown, as is one of which the
// provider does not know. That is looked at before its deadline, and before what was decided or is ruled meanwhile: it is not
// recorded as expired or cancelled, put off, or moved to another channel as if it had not begun; past the deadline it fails, as
// unknown. Then the policy says whether the next attempt follows or a person decides. If nobody does until the deadline, the
// delivery fails as unknown; who cancels the message has decided. A next attempt may go to another provider, or to the person's
// other channel. An answer that comes after its attempt was given up still ends what a person would decide, and has what it
// calls for follow; where the next attempt follows anyway, only a late confirmation is recorded. A claim goes an hour after the
// deadline, or when it is certain that nothing was sent and the attempt is to be made again. Emergencies are not claimed: they
// are sent twice rather than late.
//
// # Several providers
//
// The share of a provider is its weight, as configuration or policy say, times a factor in percent (rooms.ProviderUse), which is
// the same on all nodes within about a second. One node, under a lease, moves the factors by what all nodes report: a step
// down where calls fail or are slow, at most one in Options.Weights.Every, never below a floor, and up again in small steps
// after a quiet time. What led to a step does not count for the next one; where all providers are as bad, none goes down. Each step is
// kept with its reason, in words and numbers. A person may pin the factor, or drain the provider: nothing new goes there, and
// what is in hand ends. If all are drained the deliveries wait.
//
// Each node has a circuit breaker of its own for each provider, for nobody knows sooner. It opens after so many calls in a row
// without connection or answer, and, where there are several, when so many wait for a provider that has been silent to
// all for a time: these are given up as unknown, and their workers are free again. Only calls that have their place count (package
// lanes); one that still waits for its own then goes without, with nothing sent and no attempt counted. A provider that does not return even when
// their context ends keeps such calls, up to the number of workers, and is then not asked until one has come back. From then on a delivery whose turn that
// provider would be goes to the next in line, in the same attempt, but for one probe in each interval; one answer
// closes it, also that the rate is used up.
// Providers that can be looked at without a delivery (Ready, Prober) are: looks that find nobody open it, too, and close what they
// opened. What calls have opened no look closes, since some answer a look and take no delivery; but once one has found the provider
// well, with nothing wrong for a minute, it is no longer shown as dead, until the next call decides.
// Where no provider of a channel answers, deliveries return to the queue, no attempt counted, and the lane pauses until the next
// probe. Emergencies probe only if no other provider is left, have probes of their own, and come again within an
// interval; one that found no connection then loses no attempt. A claimed attempt is not let go, for nobody would know what
// became of it: it is given up as unknown only when the provider has overrun the time for sending, and keeps its worker until the
// provider returns. And where another provider is left, claimed deliveries probe only when a probe has been due for a minute, so
// that a provider which only they use is found again.
//
// Nodes share a rate in equal parts, among those that report. A node is there until it has not reported for three intervals
// (Options.Health.Report); one that is new waits as long before it takes its part. So together they exceed the rate for no longer
// than that, whoever comes and goes. A node that is cut off from the log keeps its part, for what it has in hand: it can pull
// no more. A provider that one node has and another has not is shared by those that have it.
//
// Behind a webhook stands whoever has asked for it, and behind a push subscription the service of its browser: their providers
// have neither breaker nor moving weight. What becomes of notifications is counted all the same, for who looks at the provider and
// for the alert that many deliveries fail: if a key is refused, that shows. A webhook's calls are not counted there.
//
// Logs, metrics and events hold ids and codes, no contact and no content.
//
// # What it does not promise
//
// Once-only delivery, unless the policy avoids duplicates and a person decides: if the process dies between the provider's answer and its event, or the
// outcome of an attempt is unknown, the delivery is sent again. Order: the first attempts of
// one room, lane and channel begin in the order of publication, but run side by side.
// A limit of messages to a person is kept by each node for itself, and by all together but for
// what they send him at the same moment: one message for each further node. That the same attempt has the same
// provider each time: so it is while health, weights and configuration stay as they are.
// Contents are kept in memory for a while after they are used, also if the log erases them.
package channels
