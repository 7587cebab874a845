package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/rooms/vault"
)

const keysSealLong = `Read a credential of a provider from standard input, have a key service encrypt it, and write it to a new file: a
password, token or private key, for options such as providers.sms.passwordFile. The gateway asks the service that
vault.transit names, and so does this command; a stolen disk does not tell the credential. An existing file is left alone.`

func (t terminal) keysSeal() *cobra.Command {
	return keyFileCommand(&cobra.Command{
		Use:   "seal FILE",
		Short: "Have a key service encrypt a credential of a provider, from standard input",
		Long:  keysSealLong,
		Args:  cobra.ExactArgs(1),
	}, func(c *cobra.Command, o vault.Options, _ []string) error {
		if !o.Transit.Used() {
			return errors.New("--transit-url, --transit-key and --transit-token-file are needed; a credential in the clear needs no command")
		}
		if err := o.Check(); len(err) > 0 {
			return errors.Join(err...)
		}
		plain, err := io.ReadAll(t.in)
		if err != nil {
			return err
		}
		if plain = bytes.TrimRight(plain, "\r\n"); len(plain) == 0 {
			return errors.New("no credential comes from standard input")
		}
		sealed, err := o.Transit.SealCredential(c.Context(), plain)
		if err != nil {
			return fmt.Errorf("nothing is written: %w", err)
		}
		return writeNew(o.KeysFile, string(sealed))
	})
}
