package email_test

import (
	"testing"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/channelstest"
	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/rooms"
)

// The replies quote contact and subject, as relays do.
func refusals() map[string]string {
	return map[string]string{
		"deferred@people.test":  "451 4.7.1 deferred@people.test: Canarysubject: try again in 300 seconds",
		"throttled@people.test": "421 4.7.28 throttled@people.test: Canarysubject comes too fast",
		"rejected@people.test":  "550 5.1.1 rejected@people.test: Canarysubject is not known here",
	}
}

func features(t *testing.T, sink *emailtest.Sink) channelstest.Features {
	return channelstest.Features{
		Channel:  rooms.Email,
		Accepted: address(t, "accepted@people.test"),
		Provoke: map[channels.Result]rooms.Address{
			channels.Deferred:  address(t, "deferred@people.test"),
			channels.Throttled: address(t, "throttled@people.test"),
			channels.Rejected:  address(t, "rejected@people.test"),
		},
		Wire: func(*testing.T) []byte { return sink.Wire() },
	}
}

func TestProviderOverSink(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	for to, reply := range refusals() {
		sink.On(to, emailtest.Rcpt, emailtest.Reply(reply))
	}
	sink.On("silent@people.test", emailtest.Rcpt, emailtest.Hang())
	f := features(t, sink)
	f.Silent = address(t, "silent@people.test")
	channelstest.Run(t, f, func(t *testing.T) channels.Provider { return provider(t, to(sink)) })
}

func TestProviderOverPostfix(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	postfix := emailtest.StartPostfix(t, emailtest.PostfixOptions{Relay: sink.Address(), Refuse: refusals()})
	f := features(t, sink)
	f.NamesDeliveries = true
	f.Wire = nil // what Postfix passes on comes later
	channelstest.Run(t, f, func(t *testing.T) channels.Provider { return provider(t, options(postfix.Host, postfix.Port)) })
}
