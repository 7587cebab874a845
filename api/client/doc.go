// Package client calls crier's HTTP API, version 1, as api/openapi.yaml describes it.
//
// Promised: whatever the server refuses comes back as a *[Problem]; Publish repeats a request that may or may not have
// arrived, byte for byte and under the same transaction id, so that it is accepted once; tokens are sent over TLS, or to
// this machine, and nowhere else; no error text holds a token, a contact or content.
//
// Not promised: that calls other than Publish are repeated; that a list which changes while it is read is a snapshot.
package client
