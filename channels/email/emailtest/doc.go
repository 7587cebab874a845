// Package emailtest starts mail servers for tests of channels/email: a sink, which takes
// messages and misbehaves on demand, and a real Postfix that relays to it.
//
// Everything listens on loopback on ports that were free, keeps its files in temporary folders
// of its own, and is gone when the test has ended, also when its process was killed. What is
// missing on the machine fails the test and says what to do; nothing is skipped. The Postfix of
// the system, if there is one, is neither used nor touched.
package emailtest
