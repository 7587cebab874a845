package request

import (
	"errors"
	"fmt"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
)

// fields read the members of an object by name.
type fields map[string]func() error

// record reads an object that has certain members, of which some are needed.
func (r *reader) record(known fields, needed ...string) error {
	before := len(r.faults)
	given := map[string]bool{}
	err := r.object(func(name string) error {
		given[name] = true
		if read, ok := known[name]; ok {
			return read()
		}
		return r.unknown()
	})
	at := string(r.dec.StackPointer())
	if err != nil || len(given) == 0 && len(r.faults) > before { // it was no object
		return err
	}
	for _, name := range needed {
		if !given[name] {
			if err := r.faultAt(at+"/"+name, v1.FaultCodeMissing, "this member is needed"); err != nil {
				return err
			}
		}
	}
	return nil
}

// list reads an array of at most so many values.
func (r *reader) list(at string, most int, element func() error) error {
	read := 0
	return r.array(func() error {
		if read++; read > most {
			return errors.Join(errEnough, r.faultAt(at, v1.FaultCodeTooMany, fmt.Sprintf("at most %d", most)))
		}
		return element()
	})
}

// count reads a whole number of a range.
func (r *reader) count(to *int, least, most uint64) error {
	n, err := r.number(least, most)
	*to = int(n)
	return err
}

// duration reads a duration of a range, as Go writes it.
func (r *reader) duration(to *time.Duration, least, most time.Duration) error {
	return r.checked(v1.FaultCodeInvalidValue, func(s string) error {
		d, err := time.ParseDuration(s)
		switch {
		case err != nil:
			return errors.New(`a duration such as "30s", "5m" or "1h30m"`)
		case d < least || d > most:
			return fmt.Errorf("from %s to %s", least, most)
		}
		*to = d
		return nil
	})
}

// choice reads one of several words.
func (r *reader) choice(known func(string) bool, words string) error {
	return r.checked(v1.FaultCodeInvalidValue, func(s string) error {
		if !known(s) {
			return errors.New(words)
		}
		return nil
	})
}

// stranger refuses a member whose name, which was read last, is none of those that there are.
func (r *reader) stranger(detail string) error {
	if err := r.fault(v1.FaultCodeUnknownMember, detail); err != nil {
		return err
	}
	return r.skip()
}
