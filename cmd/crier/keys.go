package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/rooms/vault"
)

const keysLong = `Make the two secrets that a gateway needs to keep what it stores unreadable for others. Neither belongs in the store, and
both belong in a safe place of their own: without them nobody, the operator included, reads the store again.`

const keysExample = `  crier keys new /etc/crier/keys.json     # seals personal data: vault.keysFile
  crier keys store /etc/crier/store.key   # encrypts the store: broker.keyFile`

func (t terminal) keysCommand() *cobra.Command {
	c := &cobra.Command{Use: "keys", Short: "Make the keys of a gateway", Long: keysLong, Example: keysExample}
	c.AddCommand(
		&cobra.Command{
			Use:   "new FILE",
			Short: "Write new keys that seal personal data; an existing file is left alone",
			Args:  cobra.ExactArgs(1),
			RunE:  func(_ *cobra.Command, args []string) error { return vault.Create(args[0]) },
		},
		&cobra.Command{
			Use:   "store FILE",
			Short: "Write a new key that encrypts the store; an existing file is left alone",
			Args:  cobra.ExactArgs(1),
			RunE:  func(_ *cobra.Command, args []string) error { return writeNew(args[0], newStoreKey()) },
		},
	)
	return c
}

// newStoreKey is 52 characters, of 260 random bits.
func newStoreKey() string { return rand.Text() + rand.Text() }

// writeNew writes a secret of one line to a file that does not exist yet (fs.ErrExist), as a whole or not at all.
func writeNew(path, secret string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // of mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = fmt.Fprintln(f, secret)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
