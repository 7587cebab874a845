// Package stream keeps the log of crier on JetStream: which streams and consumers there are,
// and the only ways in which anything is written to or read from them.
//
// It promises that a call which appends returns after the entry is as durable as the broker is
// configured to be; that entries which wait for a commit share the next one (group commit), in
// the order of their arrival and without any timer; that appending the same identity twice
// leaves one entry as long as the stream remembers it; and that nobody above this package sees
// a NATS type.
//
// It does not promise that an identity is remembered beyond the Duplicates window, nor, in a
// work queue, beyond a restart: what must hold longer rests on markers (see Enqueue) or on the
// index.
package stream
