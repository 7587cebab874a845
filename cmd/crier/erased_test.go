package main

import (
	"fmt"
	"testing"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
)

// Who is named by a message that is to be sent later is shown it, and is not reached by it once he is erased; the others
// are.
func TestErasedPersonIsNotReachedLater(t *testing.T) {
	s := newStand(t, nil, nil)
	s.room("clinic", demoPublisher)
	officer, gone := s.as(s.token(demoDPO)), v1.Contact{Email: "gone@example.com"}
	umid := s.publish("clinic", v1.Publish{
		TransactionID: "tx-1", Content: v1.Text{Subject: "Hello", Text: "hello"}, SendAt: time.Now().Add(10 * time.Second),
		Recipients: []v1.Contact{gone, {Email: "other@example.com"}},
	}).UMID
	kept, err := officer.ExportPerson(t.Context(), gone)
	if err != nil || len(kept.Deliveries) != 1 || !kept.Deliveries[0].Held || kept.Deliveries[0].UMID != umid {
		t.Fatalf("kept is %+v, %v", kept, err)
	}
	done, err := officer.ErasePerson(t.Context(), gone)
	if err != nil || done.Deliveries != 1 {
		t.Fatalf("erased is %+v, %v", done, err)
	}
	if kept, err = officer.ExportPerson(t.Context(), gone); err != nil || len(kept.Deliveries) != 0 || kept.ErasedAt.IsZero() {
		t.Errorf("afterwards %+v is kept, %v", kept, err)
	}
	await(t, busyFor, func() string {
		m, all := s.message(umid)
		if m.Status != (v1.Counts{Sent: 1, Failed: 1}) || all[0].Reason != "suppressed" {
			return fmt.Sprintf("%+v %+v", m.Status, all)
		}
		return ""
	})
}
