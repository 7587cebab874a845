package channelstest

import (
	"testing"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

// Features says what a provider can show and how to make it do so.
type Features struct {
	// Channel is what the provider serves.
	Channel rooms.Channel

	// Accepted is a contact to which it sends.
	Accepted rooms.Address

	// Provoke has a contact for each further result that the provider can show: Deferred,
	// Throttled, Rejected, Suppressed. What is not in it, the provider never says of its peer's
	// accord (that it is out of reach or late is tested by other means).
	Provoke map[channels.Result]rooms.Address

	// Silent is a contact about which the provider's peer never answers. It is zero if the
	// provider waits for nobody.
	Silent rooms.Address

	// NamesDeliveries says that every Sent carries a provider id of its own.
	NamesDeliveries bool

	// KeepsNames says that a delivery sent again gets the provider id that it had.
	KeepsNames bool

	// Receipts has a contact for each status that a receipt can bring, Delivered or Failed. It
	// is empty if the provider does not implement channels.Receipts.
	Receipts map[rooms.Status]rooms.Address

	// Wire gives the bytes that have left all providers made for this run, in any order. It is
	// nil if nothing leaves the process.
	Wire func(*testing.T) []byte
}

// results are those that a peer can be provoked to.
func (f Features) results() []channels.Result {
	var known []channels.Result
	for _, r := range []channels.Result{channels.Deferred, channels.Throttled, channels.Rejected, channels.Suppressed} {
		if _, ok := f.Provoke[r]; ok {
			known = append(known, r)
		}
	}
	return known
}

// contact is the one that provokes a result.
func (f Features) contact(r channels.Result) rooms.Address {
	if r == channels.Sent {
		return f.Accepted
	}
	return f.Provoke[r]
}
