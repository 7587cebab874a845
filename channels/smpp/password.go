package smpp

import (
	"context"
	"errors"
	"fmt"

	"github.com/govcrier/crier/channels/credential"
)

// CheckPassword says what is wrong with the password, in a file or not. One that a key service has encrypted is not opened: what
// is wrong with that comes out when it is needed.
func (o Options) CheckPassword() error {
	if o.PasswordFile == "" {
		return fits(o.Password.Reveal())
	}
	known, err := (*credential.Files)(nil).Read(context.Background(), o.PasswordFile)
	if errors.Is(err, credential.ErrNoService) {
		return nil
	}
	return errors.Join(err, fits(known.Reveal()))
}

// fits says whether a centre can be given a password.
func fits(password string) error {
	if len(password) > maxPassword {
		return fmt.Errorf("the password has more than %d characters, which SMPP does not carry", maxPassword)
	}
	return nil
}
