// Package fleet runs a cluster of real processes on this machine, for drills and tests: two full nodes, n1 and n2, and a
// witness, w. Each is the program's own "serve" with a configuration file, a store and a store key of its own.
//
// It promises that faults are real ones: a killed node gets SIGKILL, a hung one SIGSTOP, and the connections between nodes
// pass through proxies in this process, which cut them, hold them up or delay them as Network says. Everything listens on
// loopback. When a fleet is closed, or this process ends in whatever way (on Linux; elsewhere only when it is closed), no
// node is left, and what was made in a temporary folder is gone.
//
// It does not make the machine lose power: what a killed process has written survives in the system's memory. All nodes
// share the disk and the processors of one machine.
package fleet
