// Package smpp sends SMS over an SMS centre by SMPP 3.4, and hears its receipts and what people write.
//
// Promised: never more messages are under way on a bind than its window lets through. Where all windows are full an emergency has
// the next place that is free, then the normal lane, then bulk; who waits for long comes again by himself, no attempt counted, for
// that is no fault of the centre's. Of a text that has begun each part waits as its lane does. A text is cut where rooms.MeasureSMS counts (but longMessages: udh16, whose header is a byte longer), and a
// delivery sent again has the same reference, so that a telephone which has some of its parts joins them with the others. It
// is sent when the centre has taken every part. A receipt or a whole text of a person is answered only once it is durable; else,
// and where too much is in hand, the centre is asked to offer it again (ESME_RX_T_APPN).
// A bind that does not answer enquire_link is given up and begun anew, with growing waits.
//
// Outcome.ProviderID is what the centre calls the message; of several parts the ids are joined by commas. Outcome.Code is
// the command_status: 0x0000000b. A delivery whose answer does not come is deferred as unknown: the centre may have it.
//
// A text counts as a receipt only where the centre itself says that it is one, by esm_class or by its optional parameters:
// anybody could write the words of a receipt.
//
// A part of a long text is answered before it is durable, all but the last: centres wait with the next part for that answer.
// The parts are kept in memory, those of a bind by the node that has it. After ten minutes, or where there are too many, a text is
// passed on with the parts that are there; a node that stops or dies loses them.
//
// Not promised: that a receipt ever comes; SMPP 5.0; binary messages, which are answered and left out; that a long text is
// whole whose parts come to different nodes, or more than ten minutes apart.
package smpp
