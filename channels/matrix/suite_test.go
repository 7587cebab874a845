package matrix_test

import (
	"testing"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/channelstest"
	"github.com/govcrier/crier/channels/matrix/matrixtest"
	"github.com/govcrier/crier/rooms"
)

func TestProviderKeepsTheContract(t *testing.T) {
	server := matrixtest.New(t, clinic, "@aidarecipient-reads", "@ailingrecipient", "@busyrecipient", "@leavingrecipient", "@silentrecipient")
	server.FailFor("@ailingrecipient", matrixtest.Fault{Status: 502, Body: "<html>"})
	server.FailFor("@busyrecipient", matrixtest.Fault{Status: 429, Body: `{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":2500}`})
	server.FailFor("@silentrecipient", matrixtest.Fault{Hang: true})
	before := provider(t, options(t, server))
	before.sends(t, delivery(t, 0, matrixtest.ID("@leavingrecipient")))
	leaver := server.Person("@leavingrecipient")
	leaver.Leave(leaver.Rooms()[0])

	contact := func(name string) rooms.Address { return user(t, matrixtest.ID(name)) }
	channelstest.Run(t, channelstest.Features{
		Channel:  rooms.Matrix,
		Accepted: contact("@aidarecipient-reads"),
		Provoke: map[channels.Result]rooms.Address{
			channels.Deferred: contact("@ailingrecipient"), channels.Throttled: contact("@busyrecipient"),
			channels.Rejected: contact("@nobodyatall"), channels.Suppressed: contact("@leavingrecipient"),
		},
		Silent:          contact("@silentrecipient"),
		NamesDeliveries: true,
		KeepsNames:      true,
		Receipts:        map[rooms.Status]rooms.Address{rooms.Delivered: contact("@aidarecipient-reads")},
		Wire:            func(*testing.T) []byte { return server.Wire() },
	}, func(t *testing.T) channels.Provider { return provider(t, options(t, server)) })
	if n := server.Count("POST createRoom"); n != 5 {
		t.Errorf("%d rooms were asked for, want one for each of 5 people", n)
	}
}
