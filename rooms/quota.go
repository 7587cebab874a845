package rooms

import (
	"errors"
	"fmt"
	"time"
)

// Allowance is what is left of the tightest of the quotas that apply to a message. Limit 0 says that none does.
type Allowance struct {
	Limit     int
	Remaining int
	Reset     time.Duration // until something of it is given back; of one that is used up, until a message is accepted again
}

// QuotaError refuses a message whose sender has used up a quota.
type QuotaError struct{ Allowance }

// Error says which.
func (e *QuotaError) Error() string {
	return fmt.Sprintf("the quota of %d messages is used up for %s", e.Limit, e.Reset)
}

// ErrQuotaUnknown says that a quota applies, and this node does not know at the moment how much of it is used.
var ErrQuotaUnknown = errors.New("the use of a quota is not known")

// QuotaUse is how much of a quota is used.
type QuotaUse struct {
	Room      Room // empty: over all rooms
	Lane      Lane // empty: over all lanes
	PerMinute Allowance
	PerDay    Allowance
}
