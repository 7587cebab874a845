// Package matrixtest is a homeserver of Matrix for tests, as far as the client-server API (v3) is needed to send, to read and to
// answer. It behaves as the specification says: transactions count per device, an alias belongs to one room, who logs in
// ends the other session of his device. It fails on demand. People use it by methods, and gateways by HTTP.
//
// It is no real homeserver: it knows no federation, no power levels, no encryption, and forgets all when it ends.
package matrixtest
