package request

import (
	"fmt"
	"strconv"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
)

// number reads a whole number of a range; it is 0 if the value was something else, which is then a fault.
func (r *reader) number(least, most uint64) (uint64, error) {
	if r.dec.PeekKind() != '0' {
		return 0, r.mismatch("a number")
	}
	t, err := r.dec.ReadToken()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(t.String(), 10, 63)
	if err != nil || n < least || n > most {
		return 0, r.fault(v1.FaultCodeInvalidValue, fmt.Sprintf("a whole number from %d to %d", least, most))
	}
	return n, nil
}

// seconds reads a duration.
func (r *reader) seconds(to *time.Duration, least, most uint64) error {
	n, err := r.number(least, most)
	*to = time.Duration(n) * time.Second
	return err
}
