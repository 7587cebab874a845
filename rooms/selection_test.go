package rooms_test

import (
	"testing"

	"github.com/govcrier/crier/rooms"
)

func TestSelectionAndItsFilterAgree(t *testing.T) {
	message := rooms.Header{Room: "newborn", Lane: rooms.Bulk, Type: "letter"}
	for _, tc := range []struct {
		s      rooms.Selection
		filter string
		has    bool
	}{
		{rooms.Selection{Room: "newborn"}, "room.newborn.*.*", true},
		{rooms.Selection{Room: "newborn", Lane: rooms.Bulk}, "room.newborn.bulk.*", true},
		{rooms.Selection{Room: "newborn", Lane: rooms.Normal}, "room.newborn.normal.*", false},
		{rooms.Selection{Room: "newborn", Type: "letter"}, "room.newborn.*.letter", true},
		{rooms.Selection{Room: "newborn", Type: "alert"}, "room.newborn.*.alert", false},
		{rooms.Selection{Room: "taxes"}, "room.taxes.*.*", false},
	} {
		if got := tc.s.Filter(); got != tc.filter || tc.s.Has(message) != tc.has {
			t.Errorf("%+v: %s, has %t", tc.s, got, tc.s.Has(message))
		}
	}
	message.Direct = true
	if (rooms.Selection{Room: "newborn"}).Has(message) {
		t.Error("a message to named recipients is for them alone")
	}
}
