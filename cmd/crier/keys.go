package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/rooms/vault"
)

const keysLong = `Make the two secrets that a gateway needs to keep what it stores unreadable for others, and change the keys that seal
personal data while it works. Neither secret belongs in the store, and both belong in a safe place of their own: without
them nobody, the operator included, reads the store again.

All nodes have the same key file of vault.keysFile. To change a key, in this order:

  1. crier keys add      on one machine; copy the file to every node. Each takes it into use within a second or two, or
                         at once on SIGHUP, and says "keys read again" in its log. Nothing new is written with the key yet.
  2. crier keys list     and, on every node, the metric crier_vault_key: go on only when all nodes show the new key. A node
                         without it cannot read what the others write from then on.
  3. crier keys promote  and copy the file to every node, soon one after another. New data is written with the new key.
                         The nodes now move all subscribers to it in the background.
  4. wait                until the old key is in use nowhere; see crier keys disable --help. Meanwhile it reads old data.
  5. crier keys disable  and copy the file. If something was forgotten, crier keys enable brings the key back.
  6. crier keys delete   and copy the file, when nobody has missed the key. What it sealed is lost for good, in backups too.

The store keeps the ids of the keys that are in use: a node that starts with a file without one of them refuses, so that a
fresh or an old file is not taken for the right one. Steps 5 and 6 are therefore done while a node runs and reads them.

A node that finds a broken file, or one without a key that it writes with, keeps the keys that it has, logs an error and
counts it in crier_vault_refused_total.`

const keysExample = `  crier keys new /etc/crier/keys.json     # seals personal data: vault.keysFile
  crier keys store /etc/crier/store.key   # encrypts the store: broker.keyFile
  crier keys seal /etc/crier/smsc.password --transit-url https://vault.example.org:8200 --transit-key crier --transit-token-file token < password
  crier keys webpush /etc/crier/vapid.key # signs notifications: providers.webpush.keyFile
  crier keys list /etc/crier/keys.json
  crier keys add /etc/crier/keys.json --kind aead
  crier keys promote /etc/crier/keys.json 2183930425`

func (t terminal) keysCommand() *cobra.Command {
	c := &cobra.Command{Use: "keys", Short: "Make and change the keys of a gateway", Long: keysLong, Example: keysExample}
	c.AddCommand(
		&cobra.Command{
			Use:   "store FILE",
			Short: "Write a new key that encrypts the store; an existing file is left alone",
			Args:  cobra.ExactArgs(1),
			RunE: func(_ *cobra.Command, args []string) error {
				return leftAlone(args[0], writeNew(args[0], newStoreKey()))
			},
		},
		t.keysNew(), t.keysSeal(), t.keysList(), t.keysAdd(), t.keysPromote(), t.keysDisable(), t.keysEnable(), t.keysDelete(), t.keysWebpush(),
	)
	return c
}

func (t terminal) keysNew() *cobra.Command {
	return keyFileCommand(&cobra.Command{
		Use:   "new FILE",
		Short: "Write new keys that seal personal data; an existing file is left alone",
		Args:  cobra.ExactArgs(1),
	}, func(c *cobra.Command, o vault.Options, _ []string) error {
		return leftAlone(o.KeysFile, o.Create(c.Context()))
	})
}

// leftAlone says it plainly where a file was there already.
func leftAlone(path string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists; it is left alone", path)
	}
	return err
}

// keyFileCommand gives a command the flags for keys that a transit service encrypts. The first argument is the key file.
func keyFileCommand(c *cobra.Command, run func(c *cobra.Command, o vault.Options, args []string) error) *cobra.Command {
	var transit vault.Transit
	flags := c.Flags()
	flags.StringVar(&transit.URL, "transit-url", "", "the service that encrypts the keys, as vault.transit.url; without it they stand in clear")
	flags.StringVar(&transit.Mount, "transit-mount", "", `as vault.transit.mount; "transit" if empty`)
	flags.StringVar(&transit.Key, "transit-key", "", "as vault.transit.key")
	flags.StringVar(&transit.TokenFile, "transit-token-file", "", "as vault.transit.tokenFile")
	c.RunE = func(c *cobra.Command, args []string) error {
		return run(c, vault.Options{KeysFile: args[0], Transit: transit}, args[1:])
	}
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
