package main

import (
	"fmt"
	"testing"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/channels/email/emailtest"
)

// A hundred recipients at a domain that does not answer keep nobody at another waiting, and are not held against the relay.
func TestSlowDomainHoldsUpNobodyElse(t *testing.T) {
	relay := emailtest.StartSink(t, emailtest.SinkOptions{})
	held, free := make(chan struct{}), make(chan struct{})
	close(free)
	relay.On("good@good.example", emailtest.Rcpt, emailtest.Until(free))
	relay.On(emailtest.Everybody, emailtest.Rcpt, emailtest.Until(held))
	h := newLocal(t, "providers.email.kind=smtp", "providers.email.host="+relay.Host, fmt.Sprintf("providers.email.port=%d", relay.Port),
		"providers.email.from=office@gov.example", "providers.email.maxPerDestination=4", "providers.email.sendTimeout=10m", "bridge.sendTimeout=10m")
	var to []v1.Contact
	for n := range 100 {
		to = append(to, v1.Contact{Email: fmt.Sprintf("citizen%d@slow.example", n)})
	}
	slow := h.publish("slow", to...)
	eventually(t, busyFor, func() string {
		if _, open := relay.Connections(); open < 4 {
			return fmt.Sprintf("%d connections", open)
		}
		return ""
	})
	h.publish("good", v1.Contact{Email: "good@good.example"})
	eventually(t, busyFor, func() string {
		if got := relay.Messages(); len(got) != 1 || got[0].To != "good@good.example" {
			return fmt.Sprintf("%d taken", len(got))
		}
		return ""
	})
	m, err := h.client().Message(t.Context(), slow.UMID)
	if err != nil || m.Status.Errored+m.Status.Failed+m.Status.Sent > 0 {
		t.Errorf("those at the slow domain: %+v, %v", m.Status, err)
	}
	close(held)
}
