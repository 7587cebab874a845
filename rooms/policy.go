package rooms

import (
	"reflect"
	"time"
)

// Policy is the set of rules under which a message is delivered.
type Policy struct {
	Revision
	Retry      []time.Duration // wait after attempt 1, 2, …; the last repeats
	Jitter     float64         // share by which a wait may be longer or shorter, 0 to 1
	Expiry     time.Duration   // from acceptance until a delivery is given up
	Duplicates string          // what is done against sending twice
	Unknown    string          // DuplicatesAvoid: what follows an attempt of unknown outcome; "": UnknownHold
	PolicyRules
}

// Same says that two policies have the same rules, whatever their names and numbers.
func (p Policy) Same(other Policy) bool {
	p.Revision, other.Revision = Revision{}, Revision{}
	return reflect.DeepEqual(p, other)
}

// What is done against sending twice: nothing, an attempt of unknown outcome is made again; or each attempt is claimed
// before it is made, so that none is made twice.
const (
	DuplicatesResend = "resend"
	DuplicatesAvoid  = "avoid"
)

// What follows an attempt of unknown outcome: the next one, or a person decides.
const (
	UnknownResend = "resend"
	UnknownHold   = "hold"
)

// Claims says that each attempt on a lane is claimed before it is made. Emergencies are sent twice rather than late.
func (p Policy) Claims(l Lane) bool { return p.Duplicates == DuplicatesAvoid && l != Emergency }

// Holds says that a delivery on a lane waits for a person when nobody knows whether it was sent.
func (p Policy) Holds(l Lane) bool { return p.Claims(l) && p.Unknown != UnknownResend }

// Deadline is the moment after which a message received at t is no longer sent.
func (p Policy) Deadline(t time.Time) time.Time { return t.Add(p.Expiry) }

// Wait is the time before the attempt after the given one (from 1). roll, from 0 to 1, places
// it within the jitter; it is the caller's, so that the schedule itself stays plain data.
func (p Policy) Wait(attempt int, roll float64) time.Duration {
	if len(p.Retry) == 0 {
		return 0
	}
	base := p.Retry[min(max(attempt, 1), len(p.Retry))-1]
	return base + time.Duration((2*roll-1)*p.Jitter*float64(base))
}
