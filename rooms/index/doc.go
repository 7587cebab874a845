// Package index answers what a person asks about messages: what became of one, which ones a
// room has, whether a transaction id is known. It folds the two streams ROOMS and EVENTS into
// one file on this node, with redka on SQLite as its engine.
//
// The index is derived and disposable. It is never a record: whatever it holds can be folded
// again from the log, and a file that is missing, damaged or of another schema is begun anew,
// at [Open] or while running. Each transaction holds the values together with the position in
// the log that they stand for, so a killed process resumes where its last transaction ended; a
// power cut may take back the last transactions, which are then folded again.
//
// Promised: folding is a pure function that gives the same answers in any order and under any
// repetition of the entries; counts are exclusive and sum to the recipients; what [Index.Wait]
// has waited for, every later read sees. Not promised: that a read sees an entry of the log
// without waiting; times finer than a millisecond, other than the header's own; anything about
// a message older than Options.Keep, which counts from its release where it has waited. It holds ids, names, times and keyed hashes only, and sealed where a
// sender is told; never a contact or content.
//
// Keys are strings of redka, values compact and binary (a redka hash per message costs forty
// times a string):
//
//	schema                   version of these values, and which log they are folded from
//	p:messages, p:events     position in ROOMS and EVENTS
//	m:<umid>                 header, counts and times of a message
//	d:<umid>:<page>          states of up to rooms.PageSize deliveries, and where in EVENTS it stands what happened to them
//	t:<txid>                 the message of a transaction id
//	l:<room>, l:<room>:<n>   messages of a room in the order of their UMIDs
//	r:<person>               messages that have reached a person who is counted, with when
//	s:<provider>:<id>        the attempt that a provider has confirmed under that id
//	c:<contact>              the latest messages to a contact that may answer, with when
//	n:<umid>:<recipient>     whom a delivery has reached who may answer
//	f, f:<n>                 finished messages whose body is not erased yet
//	h:<room>, h:<room>:<n>   messages of a room that wait for their time or for a second person
//	w:<client>, w:<client>:<n> messages of a client that wait; base64url of its name
//	x:<room>, x:<room>:<n>   messages of a room of which deliveries went wrong and were not dropped
//	k, k:<n>                 every message, for forgetting the oldest
//	a:<place>                the message whose place in that order is another, since it waits or has waited
package index
