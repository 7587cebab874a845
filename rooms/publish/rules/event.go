package rules

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish"
)

// Rooms reads rooms, with their event types.
type Rooms interface {
	Get(ctx context.Context, name rooms.Room) (rooms.RoomConfig, error)
}

// event compares an event with the schema of its type. What is of such a type is an event, by whatever door it comes.
func (r *Rules) event(ctx context.Context, m publish.Request) error {
	if r.Rooms == nil {
		return nil
	}
	room, err := r.Rooms.Get(ctx, m.Room)
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	t, known := room.EventOf(m.Type)
	switch {
	case !known && m.Event:
		return refuse(ErrType, "/eventType", "the room does not have this event type")
	case !known:
		return nil
	case !m.Event:
		return refuse(ErrContent, "/type", "this is an event type of the room, and no event is here")
	}
	var content struct {
		Event jsontext.Value `json:"event"`
	}
	if err := json.Unmarshal(m.Content, &content); err != nil {
		return refuse(ErrContent, "/event", "not JSON")
	}
	revision := rooms.Revision{Name: "room " + string(room.Name), Revision: int(room.Revision)}
	s, err := r.schema(schemaOf{revision, m.Type}, t.Schema, CompileEventSchema)
	if err != nil {
		return err
	}
	if faults := s.Faults("/event", content.Event); len(faults) > 0 {
		return &Refusal{ErrContent, faults}
	}
	return nil
}
