package rooms

import (
	"strings"
	"testing"
	"time"
)

func TestConsumerIDs(t *testing.T) {
	seen := map[string]ConsumerID{}
	for _, room := range []Room{"a", "a_b", "newborn-2", Room(strings.Repeat("r", 64))} {
		for _, client := range []Client{"hosp-7", "HOSP-7", "a_b", "app_a_", Client(strings.Repeat("~", 128))} {
			for _, name := range []ConsumerName{"b", "b_b", "ledger", "app_a", ConsumerName(strings.Repeat("n", 32))} {
				id := ConsumerID{room, OwnerOf(client), name}
				s := id.String()
				if other, twice := seen[s]; twice {
					t.Errorf("%+v and %+v are both %s", other, id, s)
				}
				seen[s] = id
				if back, err := ParseConsumerID(s); err != nil || back != id {
					t.Errorf("%s: %+v, %v", s, back, err)
				}
				if strings.ContainsAny(s, " .*>\\/\t") || len(s) > 255 {
					t.Errorf("%s is no name for JetStream", s)
				}
			}
		}
	}
	if OwnerOf("hosp-7") != "HEIGGGJPBALKJIMALKHJINILHEAABK" {
		t.Errorf("consumers that are there would change hands: %s", OwnerOf("hosp-7"))
	}
}

func TestBadConsumerIDs(t *testing.T) {
	owner := string(OwnerOf("hosp-7"))
	for _, s := range []string{
		"", "plan-normal", "app_", "app_newborn", "app_newborn_" + owner, "app_newborn_" + owner + "_", "app__" + owner + "_x",
		"app_newborn" + owner + "_x", "app_newborn_" + owner + "x", "app_newborn_" + owner[:29] + "_x", "app_newborn_" + owner + "A_x",
		"app_newborn_" + strings.Replace(owner, owner[:1], "Z", 1) + "_x", "app_newborn_" + owner + "_X", "app_newborn_" + owner + "_x.y",
		"app_newborn_" + owner + "_" + strings.Repeat("n", 33), "App_newborn_" + owner + "_x", "app_new.born_" + owner + "_x", "app_newborn_" + owner + "_-x",
	} {
		if id, err := ParseConsumerID(s); err == nil {
			t.Errorf("%q: %+v", s, id)
		}
	}
}

func TestStarts(t *testing.T) {
	at := time.Date(2026, 11, 22, 12, 0, 0, 5, time.UTC)
	for want, s := range map[string]Start{
		"all": {}, "new": {New: true}, "sequence 7": {Sequence: 7}, "time 2026-11-22T12:00:00.000000005Z": {Time: at},
	} {
		if back, err := ParseStart(s.String()); s.String() != want || err != nil || back != s {
			t.Errorf("%+v: %q, back %+v, %v", s, s, back, err)
		}
	}
	for _, s := range []string{"", "old", "all 1", "sequence", "sequence 0", "sequence 07", "sequence -1", "time", "time now", "new "} {
		if _, err := ParseStart(s); err == nil {
			t.Errorf("%q is taken for a start", s)
		}
	}
}

func TestConsumerNeeds(t *testing.T) {
	h := Header{Room: "newborn", Lane: Bulk, Type: "alert", Sequence: 8}
	of := func(room Room, lane Lane, kind Type, acked uint64) Consumer {
		c := Consumer{Acked: acked}
		c.ID.Room, c.Lane, c.Type = room, lane, kind
		return c
	}
	for _, c := range []Consumer{of("newborn", "", "", 7), of("newborn", Bulk, "", 0), of("newborn", "", "alert", 7), of("newborn", Bulk, "alert", 7)} {
		if !c.Needs(h) {
			t.Errorf("%+v does not need it", c)
		}
	}
	for _, c := range []Consumer{of("newborn", "", "", 8), of("taxes", "", "", 7), of("newborn", Normal, "", 7), of("newborn", Bulk, "x", 7)} {
		if c.Needs(h) {
			t.Errorf("%+v needs it", c)
		}
	}
	if h.Direct = true; of("newborn", "", "", 7).Needs(h) {
		t.Error("a message to named recipients is needed")
	}
}
