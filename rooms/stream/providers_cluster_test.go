package stream

import (
	"errors"
	"testing"

	"github.com/govcrier/crier/rooms"
)

// What one node has decided about a provider another reads at once, and nobody decides who has not read it; and each node
// reads at once what another has reported.
func (n standing) TestProvidersAreReadOnAnyNode(t *testing.T) {
	use, seen := rooms.UnmovedProvider(rooms.SMS, "first"), uint64(0)
	for i := range 20 {
		writer, reader := n.logs[i%len(n.logs)], n.logs[(i+1)%len(n.logs)]
		stale := use
		use = use.With(rooms.ProviderChange{State: rooms.ProviderPinned, Factor: i})
		entry, err := writer.PutProvider(t.Context(), use)
		if err != nil {
			t.Fatal(err)
		}
		use.Entry = entry
		all, err := reader.Providers(t.Context(), stale.Entry+1)
		if err != nil || len(all) != 1 || all[0].Entry != entry || all[0].Factor != i || all[0].Name != "first" || all[0].Channel != rooms.SMS || len(all[0].Changes) != i {
			t.Fatalf("change %d: %+v, %v", i, all, err)
		}
		if _, err := reader.PutProvider(t.Context(), stale); !errors.Is(err, ErrRevision) {
			t.Fatalf("change %d: decided without having read it: %v", i, err)
		}
		if err := writer.PutNode(t.Context(), rooms.NodeReport{Node: "n1", Providers: []rooms.ProviderReport{{Channel: rooms.SMS, Name: "first", Calls: i}}}); err != nil {
			t.Fatal(err)
		}
		reports, err := reader.Nodes(t.Context(), seen+1)
		if err != nil || len(reports) != 1 || reports[0].Node != "n1" || reports[0].Providers[0].Calls != i {
			t.Fatalf("report %d: %+v, %v", i, reports, err)
		}
		seen = reports[0].Entry
	}
}
