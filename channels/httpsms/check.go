package httpsms

import (
	"fmt"
	"slices"
	"strings"
)

// Check names every fault of the options. It looks at the files that they name and calls nobody.
func (o Options) Check() []error {
	_, f := newPlan(o.WithDefaults())
	return f
}

// oneOf says what is expected of a word.
func oneOf(word string, known ...string) error {
	if slices.Contains(known, word) {
		return nil
	}
	return fmt.Errorf("one of %s", strings.Join(known, ", "))
}
