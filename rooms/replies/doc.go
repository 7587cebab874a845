// Package replies is what becomes of what people write: an answer comes to the message that it answers, who has had enough
// is left alone, who asks for help is helped, and the rest waits for a person.
//
// What is heard belongs to a message if its address or its thread says so (a token that crier has signed); else to the last
// message that was sent to the same contact on the same channel, within the window of that message's policy. Among rooms the
// address that was written to decides: the one whose keyword begins the text, else the one without keywords; of an address
// that no room claims, the room of that last message. What belongs to a room and no message begins a conversation there.
// What belongs to no room is kept apart, until somebody gives it to a room or drops it.
//
// A text that is nothing but one of the words for stopping ends the subscription before the Desk returns, with all its
// channels: in the room that it belongs to, else in every room with that address, else in every room where the contact has
// subscribed. Who is no subscriber is not named as a recipient by that room any more. Inside a sentence such a word is
// part of an answer. In a mail whose address or thread says by a token what it answers it ends the subscription of whom that
// message went to as well, for people forward mail and have several addresses.
//
// A text that is nothing but a code, at an address that a room claims, from whom that room has asked, begins his subscription.
// Who writes on a messaging platform is there: that nothing was taken at his address before counts no more.
//
// A complaint needs such a token. It ends the subscription of whom the message went to, whoever has reported it, and his
// address takes nothing for a time. A complaint without a token, or of somebody who is no subscriber, or of what crier said by
// itself, waits for a person.
//
// Promised: what a Desk has taken is durable, sealed, and taken once within a day, however often it is offered; what follows
// from it may be done twice, which changes nothing. An answer that crier gives by itself goes to a contact at most once in an
// hour of the clock, per room, and never to what a machine wrote, which is counted and not kept. What was kept is gone
// when it is taken, or when log.inboundAge is over; what is given to a room begins that term anew.
//
// Where as much is kept as log.inboundBytes allows, no more is taken, and nothing that is kept makes way; of what belongs to no
// room, which anybody can send, at half of that. While a node's index is begun anew nothing is taken there: it has to be offered again.
//
// Not promised: that who seems to have written has. Senders of e-mails and texts can be forged, and whoever forges one can
// end a subscription; to begin one takes a code. Nor that a contact which somebody has only as a second one is known where no message has reached it. What such
// a person writes waits among what belongs to nobody.
package replies
