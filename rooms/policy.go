package rooms

import "time"

// Policy is the set of rules under which a message is delivered.
type Policy struct {
	Revision
	Retry      []time.Duration // wait after attempt 1, 2, …; the last repeats
	Jitter     float64         // share by which a wait may be longer or shorter, 0 to 1
	Expiry     time.Duration   // from acceptance until a delivery is given up
	Duplicates string          // "resend": an attempt of unknown outcome is made again
	PolicyRules
}

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
