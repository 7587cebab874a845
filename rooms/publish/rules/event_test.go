package rules

import (
	"context"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish"
)

type oneRoom rooms.RoomConfig

func (r oneRoom) Get(context.Context, rooms.Room) (rooms.RoomConfig, error) {
	return rooms.RoomConfig(r), nil
}

// An event is compared with the schema of its type as the room has it now; what is of such a type is an event.
func TestEventsAreComparedWithTheirSchema(t *testing.T) {
	const schema = `{"$schema":"http://json-schema.org/draft-07/schema#","required":["gender"],"properties":{"gender":{"enum":["M","F"]}}}`
	room := oneRoom{Name: "births", Revision: 3, EventTypes: []rooms.EventType{{Name: "newBirth", Schema: []byte(schema)}}}
	r := Rules{Rooms: room}
	for name, tc := range map[string]struct {
		request publish.Request
		want    string
	}{
		"good":                   {publish.Request{Type: "newbirth", Event: true, Content: []byte(`{"eventType":"newBirth","event":{"gender":"F"}}`)}, ""},
		"not as it says":         {publish.Request{Type: "newbirth", Event: true, Content: []byte(`{"event":{"gender":"secret"}}`)}, "/event/gender"},
		"without what it needs":  {publish.Request{Type: "newbirth", Event: true, Content: []byte(`{"event":{}}`)}, "/event"},
		"nothing":                {publish.Request{Type: "newbirth", Event: true, Content: []byte(`{}`)}, "/event"},
		"of no event type":       {publish.Request{Type: "newdeath", Event: true, Content: []byte(`{"event":{}}`)}, "/eventType"},
		"a message of the type":  {publish.Request{Type: "newbirth", Content: []byte(`{"text":"x"}`)}, "/type"},
		"a message of any other": {publish.Request{Type: "reminder", Content: []byte(`{"text":"x"}`)}, ""},
	} {
		got := refused(r.Check(t.Context(), rooms.Policy{}, tc.request, "id"))
		if tc.want == "" && got != "" || !strings.HasSuffix(got, tc.want) || strings.Contains(got, "secret") {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	room.EventTypes, room.Revision = []rooms.EventType{{Name: "newBirth", Schema: []byte(`{"required":["place"]}`)}}, 4
	r.Rooms = room
	if got := refused(r.Check(t.Context(), rooms.Policy{}, publish.Request{Type: "newbirth", Event: true, Content: []byte(`{"event":{"gender":"F"}}`)}, "id")); !strings.HasSuffix(got, "/event") {
		t.Errorf("after a change: %q", got)
	}
}
