// Package stream keeps the log of crier on JetStream: which streams and consumers there are,
// and the only ways in which anything is written to or read from them.
//
// It promises that a call which appends returns after the entry is as durable as the broker is
// configured to be; that entries which wait for a commit share the next one (group commit), in
// the order of their arrival and without any timer; that appending the same identity twice
// leaves one entry as long as the stream remembers it; and that nobody above this package sees
// a NATS type.
//
// Where several servers keep each entry (Options.Replicas), it promises in addition that a read of
// what is there, or of where the log ends, sees what was acknowledged before the call on whatever
// node: what the replica at hand does not have is asked of the leader. Calls that a dying leader
// leaves without an answer are repeated, with the same identities, until CommitTimeout; tails and
// pulls go on by themselves. A single server is spared all of this.
//
// It does not promise that an identity is remembered beyond the Duplicates window, nor, in a
// work queue, beyond a restart: what must hold longer rests on markers (see Enqueue) or on the
// index. A node that was cut off from the others a moment ago may read what stood then, until its
// leaders notice that they have no majority. An entry of a queue that was on its way to a worker
// when a leader died comes again after AckWait.
package stream
