package stream

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// What people write is read on any node, and taken once: an entry that one node has erased is soon gone on the others, and
// what is offered again to another is known there.
func (n standing) TestRepliesOnThreeNodes(t *testing.T) {
	for i, from := range n.logs {
		r := someReply(fmt.Sprint(i), "newborn")
		sequence, known, err := from.AddReply(t.Context(), r)
		if err != nil || known {
			t.Fatalf("node %d: %t, %v", i, known, err)
		}
		for j, l := range n.logs {
			if again, known, err := l.AddReply(t.Context(), r); err != nil || !known || again != sequence {
				t.Errorf("offered to node %d again: %d, %t, %v; want %d", j, again, known, err, sequence)
			}
			if got, err := l.Reply(t.Context(), sequence); err != nil || got.ID != r.ID {
				t.Errorf("node %d reads %+v, %v", j, got, err)
			}
		}
		taker := n.logs[(i+1)%len(n.logs)]
		if err := taker.EraseReply(t.Context(), sequence); err != nil {
			t.Fatal(err)
		}
		for j, l := range n.logs {
			until(t, func() error { return goneOn(t, l, j, sequence) })
			if err := l.EraseReply(t.Context(), sequence); !errors.Is(err, ErrGone) {
				t.Errorf("taken twice, on node %d: %v", j, err)
			}
		}
	}
}

// goneOn is an error as long as a node shows an entry, alone or in a list.
func goneOn(t *testing.T, l *Log, node int, sequence uint64) error {
	t.Helper()
	if _, err := l.Reply(t.Context(), sequence); !errors.Is(err, ErrGone) {
		return fmt.Errorf("node %d still reads it: %v", node, err)
	}
	_, err := l.ScanReplies(t.Context(), "newborn", 0, 100, func(r rooms.Reply) error {
		return fmt.Errorf("node %d lists %d", node, r.Sequence)
	})
	return err
}

// A claim that one node makes is seen on every other at once, also when the stream has another leader since; and so is one
// that was given back.
func (n standing) TestClaimsOnThreeNodes(t *testing.T) {
	deadline := time.Now().Add(time.Minute)
	a := rooms.AttemptID{DeliveryID: rooms.DeliveryID{UMID: someMessage(1).UMID}, Attempt: 1}
	for i, mine := range n.logs {
		a.N = i
		claim, err := mine.Claim(t.Context(), a, deadline)
		if err != nil {
			t.Fatalf("node %d: %v", i, err)
		}
		refused := func() {
			t.Helper()
			for j, l := range n.logs {
				if _, err := l.Claim(t.Context(), a, deadline); !errors.Is(err, ErrExists) {
					t.Errorf("node %d may do what node %d has begun: %v", j, i, err)
				}
			}
		}
		refused()
		n.makeLeader(t, streamClaims, (i+1)%len(n.logs))
		refused()
		other := n.logs[(i+2)%len(n.logs)]
		if err := other.Unclaim(t.Context(), claim); err != nil {
			t.Fatal(err)
		}
		if _, err := n.logs[(i+1)%len(n.logs)].Claim(t.Context(), a, deadline); err != nil {
			t.Errorf("given back by node %d: %v", (i+2)%len(n.logs), err)
		}
	}
}
