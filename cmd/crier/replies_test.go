package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

const writerNumber = "+996555000111"

// heard makes what somebody writes to a number.
func heard(t *testing.T, id, to, text string) rooms.Inbound {
	t.Helper()
	from, err := rooms.ParsePhone(writerNumber)
	if err != nil {
		t.Fatal(err)
	}
	in := rooms.Inbound{ID: id, Kind: rooms.InboundReply, Channel: rooms.SMS, Provider: "test", From: from, Text: rooms.NewBody(text), At: time.Now()}
	if in.To, err = rooms.ParseOwnAddress(to); err != nil {
		t.Fatal(err)
	}
	return in
}

// A thousand texts of one number are kept, and answered once in an hour.
func TestAFloodFromOneNumber(t *testing.T) {
	const flood = 1_000
	s := newStand(t, []string{"sandbox.receipts=none"}, nil)
	s.inboxOf("clinic", rooms.Inbox{Addresses: []string{"4404"}, Confirm: "Thank you."})
	desk := s.app.replyDesk(s.crew, s.store, s.know)
	var group errgroup.Group
	group.SetLimit(32)
	began := time.Now()
	for n := range flood {
		in := heard(t, fmt.Sprint(n), "4404", map[bool]string{true: "help", false: "Hello?"}[n%2 == 0])
		group.Go(func() error { return desk.Take(t.Context(), in) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d texts in %s", flood, time.Since(began))
	count := 0
	for _, err := range s.as(s.token(demoPublisher)).Replies(t.Context(), "clinic") {
		if err != nil {
			t.Fatal(err)
		}
		count++
	}
	if count != flood/2 {
		t.Errorf("%d are kept, want %d", count, flood/2)
	}
	own := 0
	for _, m := range s.ownMessages("clinic") {
		if m.Type == string(confirmation) {
			own++
		}
	}
	if hours := int(time.Since(began)/time.Hour) + 2; own < 1 || own > hours {
		t.Errorf("answered %d times in %s", own, time.Since(began))
	}
}

// inboxOf creates a room with a number, of which the demonstration's publisher is admin.
func (s *stand) inboxOf(name rooms.Room, i rooms.Inbox) {
	s.t.Helper()
	c := rooms.RoomConfig{Name: name, Inbox: i, Admins: []rooms.Client{demoPublisher}, Publishers: []rooms.Publisher{{Client: demoPublisher, Direct: true}}}
	if _, err := s.know.rooms.Create(s.t.Context(), c); err != nil {
		s.t.Fatal(err)
	}
}

// ownMessages are those of a room.
func (s *stand) ownMessages(room string) (all []v1.Message) {
	s.t.Helper()
	for m, err := range s.as(s.token(demoPublisher)).RoomMessages(s.t.Context(), room) {
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// Who says STOP gets nothing that waits for him, and is not named by the room any more; emergencies reach him, and what
// he asks for.
func TestStopReachesWhatWaits(t *testing.T) {
	s := newStand(t, nil, nil)
	s.inboxOf("clinic", rooms.Inbox{Addresses: []string{"4404"}})
	desk := s.app.replyDesk(s.crew, s.store, s.know)
	to := []v1.Recipient{{Phone: writerNumber}}
	first := s.publish("clinic", v1.Publish{TransactionID: "stop-1", Content: v1.Content{Text: "Come."}, Recipients: to})
	s.ends(first.UMID, "delivered")
	if err := desk.Take(t.Context(), heard(t, "1", "4404", "Стоп.")); err != nil {
		t.Fatal(err)
	}
	s.ends(s.publish("clinic", v1.Publish{TransactionID: "stop-2", Content: v1.Content{Text: "Come again."}, Recipients: to}).UMID, "failed suppressed")
	s.ends(s.publish("clinic", v1.Publish{TransactionID: "stop-3", Lane: v1.Emergency, Content: v1.Content{Text: "Leave."}, Recipients: to}).UMID, "delivered")
	if err := desk.Take(t.Context(), heard(t, "2", "4404", "help")); err != nil {
		t.Fatal(err)
	}
	await(t, busyFor, func() string {
		for _, l := range s.outbox() {
			if strings.Contains(l.SMS, "Reply STOP") {
				return ""
			}
		}
		return "help is not answered"
	})
}

// ends waits until the only delivery of a message has come to an end.
func (s *stand) ends(umid, want string) {
	s.t.Helper()
	await(s.t, busyFor, func() string {
		m, all := s.message(umid)
		if len(all) == 1 && strings.TrimSpace(string(all[0].Status)+" "+string(all[0].Reason)) == want {
			return ""
		}
		return fmt.Sprintf("%+v %+v, want %s", m.Status, all, want)
	})
}

// What a person has written is found, and erased, with all else that is kept of him.
func TestWhatAPersonHasWritten(t *testing.T) {
	s := newStand(t, nil, nil)
	s.inboxOf("clinic", rooms.Inbox{Addresses: []string{"4404"}})
	desk := s.app.replyDesk(s.crew, s.store, s.know)
	for id, to := range map[string]string{"1": "4404", "2": "4999"} {
		if err := desk.Take(t.Context(), heard(t, id, to, "qzcanary "+id)); err != nil {
			t.Fatal(err)
		}
	}
	officer := s.as(s.token(demoDPO))
	data, err := officer.ExportPerson(t.Context(), v1.Contact{Phone: writerNumber})
	var said []string
	for _, r := range data.Replies {
		said = append(said, r.Room+" "+r.Text)
	}
	slices.Sort(said)
	if err != nil || !slices.Equal(said, []string{" qzcanary 2", "clinic qzcanary 1"}) {
		t.Errorf("%q, %v", said, err)
	}
	if other, err := officer.ExportPerson(t.Context(), v1.Contact{Phone: "+996555000112"}); err != nil || len(other.Replies) > 0 {
		t.Errorf("%+v, %v", other, err)
	}
	erased, err := officer.ErasePerson(t.Context(), v1.Contact{Phone: writerNumber})
	if err != nil || erased.Replies != 2 {
		t.Errorf("%+v, %v", erased, err)
	}
	if data, err := officer.ExportPerson(t.Context(), v1.Contact{Phone: writerNumber}); err != nil || len(data.Replies) > 0 {
		t.Errorf("%+v, %v", data, err)
	}
	if strings.Contains(s.log.String(), "qzcanary") || strings.Contains(s.log.String(), writerNumber) {
		t.Error("what somebody has written is in the log")
	}
}
