package stream

import (
	"errors"
	"testing"

	"github.com/govcrier/crier/rooms"
)

// What one node has stored of a sender another reads at once, and nobody stores who has not read it.
func (n standing) TestSenderIsReadOnAnyNode(t *testing.T) {
	last := uint64(0)
	for i := range 20 {
		writer, reader := n.logs[i%len(n.logs)], n.logs[(i+1)%len(n.logs)]
		r := rooms.Registration{Client: "hosp-7", Organisation: "Ministry of Health", Email: []string{"noreply@health.example"}}
		if i%5 == 4 {
			r = rooms.Registration{Client: "hosp-7"}
		}
		entry, err := writer.PutSender(t.Context(), r, last)
		if err != nil {
			t.Fatal(err)
		}
		all, end, err := reader.Senders(t.Context(), last+1)
		if err != nil || end != entry || len(all) != 1 || all[0].Entry != entry || all[0].Organisation != r.Organisation || len(all[0].Email) != len(r.Email) {
			t.Fatalf("change %d: %+v to %d, %v", i, all, end, err)
		}
		if _, err := reader.PutSender(t.Context(), rooms.Registration{Client: "tax-1", Organisation: "Tax Office"}, last); !errors.Is(err, ErrRevision) {
			t.Fatalf("change %d: stored without having read it: %v", i, err)
		}
		last = entry
	}
}
