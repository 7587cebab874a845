// Package request reads the bodies of crier's HTTP API strictly.
//
// Promised: unknown and repeated members, null, wrong types, data after the document, invalid UTF-8 and anything that a
// later step would have to refuse are refused here, with the place (RFC 6901) and a stable code, as a [problem.Error];
// no text of a refusal repeats the input, except that a pointer names the members it passes. Content is handed on byte
// for byte as it was received.
//
// Not promised: more than the first twenty faults.
package request
