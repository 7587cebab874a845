package channelstest

import (
	"sync"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

const crowd = 64 // goroutines that send at once

// servesCrowd mixes contacts of every kind, so that an outcome that went to the wrong caller shows.
func (s *suite) servesCrowd() {
	mix := append(s.results(), channels.Sent, channels.Sent)
	var all []rooms.Delivery
	for i := range crowd {
		all = append(all, s.delivery(s.contact(mix[i%len(mix)])))
	}

	outcomes := make([]channels.Outcome, crowd)
	var waiting sync.WaitGroup
	for i, d := range all {
		waiting.Go(func() { outcomes[i] = s.send(s.Context(), d) })
	}
	waiting.Wait()

	ids := map[string]bool{}
	for i, o := range outcomes {
		if want := mix[i%len(mix)]; o.Result != want {
			s.Errorf("outcome %+v, want it %s", o, want)
		}
		if s.NamesDeliveries && o.Result == channels.Sent && ids[o.ProviderID] {
			s.Errorf("two deliveries have the provider id %q", o.ProviderID)
		}
		ids[o.ProviderID] = true
	}
}
