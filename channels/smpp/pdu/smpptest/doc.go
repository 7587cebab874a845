// Package smpptest is an SMS centre for tests: it takes binds and messages over SMPP 3.4, sends receipts and texts of people,
// and fails on demand, for a destination or for everybody.
//
// It is made from the specification and shares only the codec with the provider that it tests; that codec is tested against
// another implementation besides.
package smpptest
