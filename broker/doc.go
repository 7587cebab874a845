// Package broker runs the NATS server with JetStream inside crier's own process.
//
// It promises that a store is opened only with the key that wrote it and only if everything
// its manifest names is there, that one process at a time uses it, and that what JetStream
// acknowledges has reached the disk unless Durability says "relaxed". Three accounts are entered
// by nobody but crier, through connections inside the process: SYS for the server's own events,
// AUTH for logins, and CORE, which holds every stream.
//
// Guests, NATS clients of others, are let in where NATSOptions say so, as a Gatekeeper decides.
// They hear what they may hear of CORE and call what they may call there; those who can call
// anything have an account of their own, since nobody checks where an answer goes. What a Guest
// may not is refused by the server, and whoever loses a right is disconnected within seconds.
//
// Without guests a single node opens no port. Nodes of several open one for each other, where
// both ends show a certificate, and one on 127.0.0.1 that the server insists on and that nobody
// has a password for.
//
// Of several nodes it promises besides that those which differ in what must be alike do not
// work together, and that a node which has lost its store, has no room on its disk, or whose
// clock was set, takes no part. It is not promised that a node joins others with a store that
// it wrote alone, nor that a store's key can be changed.
//
// Some of the server has no public name: the times of its elections, and a node's own copy of a
// stream. They are reached by go:linkname, for the one version that go.mod names; tests hold that.
//
// It knows nothing of rooms: which streams there are is rooms/stream's matter.
package broker
