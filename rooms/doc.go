// Package rooms holds the words of crier: room, message, delivery, status, event, policy,
// and the subjects under which they stand in the log.
//
// It promises that every name, subject and state is parsed and printed in one place, that
// personal data has a type which prints as [redacted], and that folding events into states
// gives the same answer in any order and under any repetition. It does no input or output
// and imports the standard library only; everything else of crier imports it.
package rooms
