// Package broker runs the NATS server with JetStream inside crier's own process.
//
// It promises that a store is opened only with the key that wrote it and only if everything
// its manifest names is there, that one process at a time uses it, and that what JetStream
// acknowledges has reached the disk unless Durability says "relaxed". Two accounts exist: SYS
// for the server's own events, and CORE, which holds every stream and which nobody but crier
// enters, through connections inside the process. No port is opened.
//
// It knows nothing of rooms: which streams there are is rooms/stream's matter.
package broker
