// Package crash lets a test kill the process at a named point, as a power cut would.
//
// In a build with the tag crashpoints, Point(name) kills the process with SIGKILL when the
// environment variable CRIER_CRASH is "name" or "name:n" (the n-th passage, from 1). In any
// other build Point is empty and costs nothing.
package crash
