package httpsms

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Check names every fault of the options. It looks at the files that they name and calls nobody.
func (o Options) Check() []error {
	_, f := newPlan(o.WithDefaults())
	return f
}

// secret reads a credential. A file that group or others may read is refused.
func secret(file string) (string, error) {
	info, err := os.Stat(file)
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s has mode %04o, want 0600", file, info.Mode().Perm())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	value := strings.TrimRight(string(text), "\r\n")
	if value == "" || !isHeaderValue(value) {
		return "", errors.New(file + " does not hold one line with a credential")
	}
	return value, nil
}

// oneOf says what is expected of a word.
func oneOf(word string, known ...string) error {
	if slices.Contains(known, word) {
		return nil
	}
	return fmt.Errorf("one of %s", strings.Join(known, ", "))
}
