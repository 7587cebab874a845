// Package problem is the closed list of errors that crier's HTTP API answers with, and the one place where they become
// RFC 9457 problem documents.
//
// Promised: codes are stable; the public text of a problem comes from the catalogue and from [rooms.Fault], whose details
// never repeat the input; the private cause of an error is for the log and is never rendered.
package problem
