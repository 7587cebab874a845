package rooms

import "time"

// Time is the moment of acceptance that the UMID carries, to the millisecond.
func (u UMID) Time() time.Time {
	if len(u) != umidLen {
		return time.Time{}
	}
	var ms int64
	for i := range 10 {
		ms = ms<<5 | int64(max(crockford(u[i]), 0))
	}
	return time.UnixMilli(ms).UTC()
}
