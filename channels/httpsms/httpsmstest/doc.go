// Package httpsmstest is a provider of SMS that is asked by HTTP, for tests: it checks who asks, signs what it calls back,
// comes again until it is heard, and fails on demand.
//
// What it does with a message follows from the last two digits of the number:
//
//	01  500                                      06  the connection ends before an answer
//	02  429 with Retry-After: 7                  07  200 and something that is no JSON
//	03  400 with the code bad-number             08  200 and a body of 1 MiB
//	04  400 with the code stopped                09  accepted; the receipt says that it failed
//	05  no answer                                10  302 to elsewhere
//	12  half an answer, and no more              13  half an answer, and the connection ends
//
// It accepts all others, and reports that they arrived.
package httpsmstest
