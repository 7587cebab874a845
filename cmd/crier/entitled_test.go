package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
)

// speechless is a log that does not answer.
type speechless struct{ *stream.Log }

func (speechless) FindRoom(context.Context, rooms.Room, uint64) (rooms.RoomConfig, error) {
	return rooms.RoomConfig{}, stream.ErrUnavailable
}

// A message that waited goes if it could be published now.
func TestWhatMayGo(t *testing.T) {
	server := brokertest.Start(t)
	log, err := stream.Open(t.Context(), server, server.Manifest(), stream.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(log.Close)
	quiet := slog.New(slog.DiscardHandler)
	k := &knowledge{rooms: registry.NewRooms(log), blocked: registry.NewBlocked(log, quiet), senders: registry.NewSenders(log, quiet)}
	publishers := []rooms.Publisher{{Client: "hosp-7", Direct: true}, {Client: "hosp-8"}, {Client: "bad", Direct: true}}
	if _, err := k.rooms.Create(t.Context(), rooms.RoomConfig{Name: "newborn", Publishers: publishers}); err != nil {
		t.Fatal(err)
	}
	if err := k.blocked.Block(t.Context(), rooms.Blocked{Client: "bad"}); err != nil {
		t.Fatal(err)
	}
	registered, err := k.senders.Put(t.Context(), rooms.Registration{Client: "hosp-7", Organisation: "Hospital 7", SMS: []string{"HOSP7"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		rooms.Header
		sms string
		may bool
	}{
		"publisher":              {rooms.Header{Publisher: "hosp-8", Room: "newborn"}, "", true},
		"to named, not any more": {rooms.Header{Publisher: "hosp-8", Room: "newborn", Direct: true}, "", false},
		"to named":               {rooms.Header{Publisher: "hosp-7", Room: "newborn", Direct: true}, "", true},
		"not any more":           {rooms.Header{Publisher: "hosp-9", Room: "newborn"}, "", false},
		"blocked":                {rooms.Header{Publisher: "bad", Room: "newborn"}, "", false},
		"room gone":              {rooms.Header{Publisher: "hosp-7", Room: "taxes"}, "", false},
		"registered":             {rooms.Header{Publisher: "hosp-7", Room: "newborn"}, "HOSP7", true},
		"registered no more":     {rooms.Header{Publisher: "hosp-7", Room: "newborn"}, "HOSP", false},
		"never registered":       {rooms.Header{Publisher: "hosp-8", Room: "newborn"}, "HOSP7", false},
		"crier itself":           {rooms.Header{Publisher: rooms.Gateway, Room: "newborn", Type: confirmation, Direct: true}, "", true},
		"to the operators":       {rooms.Header{Publisher: rooms.Gateway, Room: "newborn", Type: rooms.OperatorAlert}, "", true},
		"in crier's name":        {rooms.Header{Publisher: rooms.Gateway, Room: "newborn", Type: "reminder"}, "", false},
	} {
		from, may, err := entitled{k}.May(t.Context(), tc.Header, rooms.Sender{SMS: tc.sms})
		if may != tc.may || err != nil || may && from.SMS != tc.sms {
			t.Errorf("%s: %v, %+v, %v", name, may, from, err)
		}
	}
	unsure := entitled{&knowledge{rooms: registry.NewRooms(speechless{log})}}
	if _, _, err := unsure.May(t.Context(), rooms.Header{Publisher: "hosp-7", Room: "newborn"}, rooms.Sender{}); !errors.Is(err, stream.ErrUnavailable) {
		t.Errorf("what cannot be known: %v", err)
	}
	registered.Organisation = "Clinic 7"
	if _, err := k.senders.Put(t.Context(), registered); err != nil {
		t.Fatal(err)
	}
	was := rooms.Sender{Organisation: "Hospital 7", SMS: "HOSP7"}
	if from, may, err := (entitled{k}).May(t.Context(), rooms.Header{Publisher: "hosp-7", Room: "newborn"}, was); !may || err != nil || from.Organisation != "Clinic 7" {
		t.Errorf("under its new name: %v, %v, %v", from.Organisation, may, err)
	}
}
