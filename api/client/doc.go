// Package client calls crier's HTTP API, version 1, as api/openapi.yaml describes it, on any node of a cluster.
//
// Promised: whatever the server refuses comes back as a *[Problem]; Publish repeats a request that may or may not have
// arrived, byte for byte and under the same transaction id, so that it is accepted once; tokens are sent over TLS, or to
// this machine, and nowhere else; no error text holds a token, a contact or content.
//
// Promised where there are several servers: one that gives no answer (no connection, one that breaks, a certificate that
// is not good, no answer within Options.AttemptTimeout), or answers 502, 503 or 504, makes Publish and everything that
// only reads turn to the next at once. Calls that would do their work twice if they were repeated, such as creating a
// room, turn only if there was no connection, so that nothing can have been sent. Each client begins with a server chosen
// by lot, and stays with it; one that has failed rests for up to a minute and is then tried by one call, not by all.
//
// Promised of a stream: every message that the log keeps comes once and in order, whatever becomes of the servers, and a
// gap is told where some are gone.
//
// Not promised: that calls other than Publish are repeated on the same server; that what was written through one server is
// seen at once through another, beyond what the API says; that a list which changes while it is read is a snapshot; that
// a token comes while the identity provider, of which there is one, gives none.
package client
