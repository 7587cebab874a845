package stream

import (
	"errors"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// What one node has stored of a policy another reads at once, and only one of two changes is taken.
func (n standing) TestPolicyIsReadOnAnyNode(t *testing.T) {
	p := rooms.PolicyRevision{
		Policy: rooms.Policy{
			Revision: rooms.Revision{Name: "patient", Revision: 1}, Retry: []time.Duration{time.Second}, Jitter: 0.5, Expiry: time.Hour, Duplicates: "resend",
		},
		State: rooms.PolicyDraft, Author: "boss",
	}
	for i := range 20 {
		writer, reader := n.logs[i%len(n.logs)], n.logs[(i+1)%len(n.logs)]
		before := p.Entry
		var err error
		if p.Entry, err = writer.PutPolicy(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		list, err := reader.Policies(t.Context(), before+1)
		if err != nil || len(list) != 1 || list[0].Entry != p.Entry || list[0].Jitter != 0.5 || list[0].Retry[0] != time.Second || list[0].Expiry != time.Hour {
			t.Fatalf("change %d: %+v, %v", i, list, err)
		}
		lost := p
		lost.Entry = before
		if _, err := reader.PutPolicy(t.Context(), lost); !errors.Is(err, ErrRevision) {
			t.Fatalf("change %d: a lost update was taken: %v", i, err)
		}
	}
}
