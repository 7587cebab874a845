package stream

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// On several servers: what a planner on one node holds comes to its successor on another, whoever
// leads, and what the first still wants to enqueue is refused.
func (n standing) TestTurnMovesToAnotherNode(t *testing.T) {
	page := func(number int) []PageJobs {
		u := rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", number))
		return []PageJobs{{UMID: u, Jobs: []rooms.Job{{UMID: u, Room: "newborn", Lane: rooms.Normal, Channel: rooms.SMS, Attempt: 1}}}}
	}
	publish := func(from, to int) {
		t.Helper()
		for number := from; number <= to; number++ {
			m := rooms.Message{Header: rooms.Header{UMID: rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", number)), Room: "newborn", Type: "t",
				Lane: rooms.Normal, TxID: fmt.Sprint(number), Policy: rooms.Revision{Name: "standard", Revision: 1}}}
			if _, _, err := n.logs[number%3].Append(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
	}
	publish(1, 20)
	var before *Turn
	for epoch := range 6 { // two rounds over all nodes, one of which leads
		turn, err := n.logs[epoch%3].Turn(t.Context(), rooms.Normal, uint64(epoch+1))
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		var all []Received
		for len(all) < 20 {
			some, err := turn.Fetch(t.Context(), 100, time.Second)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, some...)
		}
		for i, m := range all {
			if m.UMID != rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", i+1)) {
				t.Fatalf("epoch %d: message %d is %s", epoch+1, i+1, m.UMID)
			}
		}
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("epoch %d: it took %s", epoch+1, took)
		}
		if before != nil {
			if err := before.Enqueue(t.Context(), page(100+epoch)); !errors.Is(err, ErrFenced) {
				t.Errorf("epoch %d: the planner before got %v", epoch+1, err)
			}
		}
		for i := range 3 { // the fence stands as long as the turn does
			if err := turn.Enqueue(t.Context(), page(epoch*10+i)); err != nil {
				t.Fatal(err)
			}
		}
		before = turn
	}
}
