package mediator

import (
	"net/url"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
)

// Call is what is asked, by somebody who is known and may.
type Call struct {
	At     ID               // what the path names
	Room   rooms.RoomConfig // what it stands for; zero if it is not there for the caller
	Client rooms.Client     // who calls; empty: a stranger, who is told what everybody is
	As     ID               // as which application
	Type   string           // the event type of the path
	Event  index.Summary    // that of the path
	Key    string           // by which a repeat is known; empty: every call is new
	Accept string
	Query  url.Values
	Body   []byte

	Policy rooms.Policy           // of the room
	May    func(o Operation) bool // whether the caller may ask for it in the room
}

// application is what others are told of who calls: the application as which he does if it was registered, for the codes of
// any other are of his own choosing.
func (c *Call) application(o Options) ID {
	if _, known := o.Known(c.As); known {
		return c.As
	}
	return o.usual(c.Client)
}

// eventType finds that of the path.
func (c *Call) eventType() (rooms.EventType, error) {
	if _, err := rooms.ParseEventType(c.Type); err != nil {
		return rooms.EventType{}, problem.Parameter("eventType", v1.FaultCodeInvalidName, err.Error())
	}
	t, ok := c.Room.EventType(c.Type)
	if !ok {
		return t, problem.Of(v1.ProblemCodeUnknownEventType)
	}
	return t, nil
}
