package rooms

import "time"

// ControlState is what a person, or crier itself, has decided about a message that is under way.
type ControlState string

// The states of control. A cancelled message never runs again.
const (
	ControlRunning   ControlState = "running"   // as every message of which nothing else was said
	ControlPaused    ControlState = "paused"    // by a person, until he resumes it
	ControlHeld      ControlState = "held"      // by crier, since too much of it failed, until a person resumes it
	ControlCancelled ControlState = "cancelled" // what is not sent yet never will be
)

// Control is what was decided about a message last.
type Control struct {
	UMID   UMID         `json:"-"` // stands in the key
	Room   Room         `json:"room"`
	State  ControlState `json:"state"`
	By     Client       `json:"by,omitzero"` // empty: crier itself
	At     time.Time    `json:"at"`
	Reason Reason       `json:"reason,omitzero"` // why crier holds it, or what has replaced it
	Failed int          `json:"failed,omitzero"` // deliveries that had failed by then, which no later hold counts
	Entry  uint64       `json:"entry,omitzero"`  // of the KV; 0 if nothing was decided yet
}

// Runs says that deliveries go on.
func (c Control) Runs() bool { return c.State == "" || c.State == ControlRunning }

// Waits says that deliveries wait for somebody to say that they go on.
func (c Control) Waits() bool { return c.State == ControlPaused || c.State == ControlHeld }

// Kind is the event that records the decision.
func (c Control) Kind() Kind {
	switch c.State {
	case ControlPaused:
		return EventPaused
	case ControlHeld:
		return EventHeld
	case ControlCancelled:
		return EventCancelled
	}
	return EventResumed
}

// Event records the decision.
func (c Control) Event() Event {
	return Event{Kind: c.Kind(), Room: c.Room, UMID: c.UMID, At: c.At, Reason: c.Reason, Control: c}
}

// Why is the reason for which deliveries of a cancelled message fail.
func (c Control) Why() Reason {
	if c.Reason != NoReason {
		return c.Reason
	}
	return Cancelled
}
