package httpsms

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/govcrier/crier/channels/credential"
)

// Check names every fault of the options. It looks at the files that they name and calls nobody.
func (o Options) Check() []error {
	_, f := newPlan(o.WithDefaults())
	return f
}

// secret reads a credential, which is one line.
func (o Options) secret(ctx context.Context, file string) (string, error) {
	known, err := o.Credentials.Read(ctx, file)
	if err == nil && !isHeaderValue(known.Reveal()) {
		err = errors.New(file + " does not hold one line with a credential")
	}
	return known.Reveal(), err
}

// checkSecret does not ask the key service.
func checkSecret(file string) error {
	_, err := Options{}.secret(context.Background(), file)
	if errors.Is(err, credential.ErrNoService) {
		return nil
	}
	return err
}

// oneOf says what is expected of a word.
func oneOf(word string, known ...string) error {
	if slices.Contains(known, word) {
		return nil
	}
	return fmt.Errorf("one of %s", strings.Join(known, ", "))
}
