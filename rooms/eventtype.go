package rooms

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// EventType is a kind of event that a room carries between applications, with what each such event has to be.
type EventType struct {
	Name   string `json:"name"`   // as its maker spells it, such as newBirth
	Schema []byte `json:"schema"` // JSON Schema 2020-12 or draft-07
}

// What a room keeps of event types, at most.
const (
	MaxEventTypes      = 100
	maxEventTypesBytes = 512 << 10 // of all schemas
)

// The refusals of event types.
var (
	ErrEventTypeExists = errors.New("event type exists")
	ErrTooManyTypes    = errors.New("too many event types")
)

// ParseEventType accepts the name of an event type: that of a type, in which capitals may stand. Alerts have CAP for themselves.
func ParseEventType(s string) (string, error) {
	_, err := ParseType(strings.ToLower(s))
	if err != nil || !all(s, isBase64URL) {
		return "", fmt.Errorf("%w: an event type has 1 to %d of A-Z, a-z, 0-9, '-' and '_', and begins with a letter or digit", ErrName, maxName)
	}
	if (EventType{Name: s}).Type() == CAP {
		return "", fmt.Errorf("%w: %q is the type of alerts", ErrName, s)
	}
	return s, nil
}

// Type is that of its messages. Of two event types of a room it is never the same.
func (e EventType) Type() Type { return Type(strings.ToLower(e.Name)) }

// EventType gives the event type of a name, exactly as it is spelled.
func (r RoomConfig) EventType(name string) (EventType, bool) {
	i := slices.IndexFunc(r.EventTypes, func(e EventType) bool { return e.Name == name })
	if i < 0 {
		return EventType{}, false
	}
	return r.EventTypes[i], true
}

// EventOf gives the event type of a message's type.
func (r RoomConfig) EventOf(t Type) (EventType, bool) {
	i := slices.IndexFunc(r.EventTypes, func(e EventType) bool { return e.Type() == t })
	if i < 0 {
		return EventType{}, false
	}
	return r.EventTypes[i], true
}

// WithEventType is the room with one event type more. ErrEventTypeExists if there is one whose name differs in capitals
// at most, ErrTooManyTypes if the room has as many as it may.
func (r RoomConfig) WithEventType(e EventType) (RoomConfig, error) {
	if _, ok := r.EventOf(e.Type()); ok {
		return r, ErrEventTypeExists
	}
	size := len(e.Schema)
	for _, other := range r.EventTypes {
		size += len(other.Schema)
	}
	if len(r.EventTypes) >= MaxEventTypes || size > maxEventTypesBytes {
		return r, ErrTooManyTypes
	}
	r.EventTypes = append(slices.Clone(r.EventTypes), e)
	return r, nil
}

// WithoutEventType is the room without an event type.
func (r RoomConfig) WithoutEventType(name string) RoomConfig {
	r.EventTypes = slices.DeleteFunc(slices.Clone(r.EventTypes), func(e EventType) bool { return e.Name == name })
	return r
}
