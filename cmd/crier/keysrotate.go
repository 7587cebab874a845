package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/govcrier/crier/rooms/vault"
)

func (t terminal) keysList() *cobra.Command {
	var asJSON bool
	c := keyFileCommand(&cobra.Command{
		Use:   "list FILE",
		Short: "List the keys in a file: id, kind and state, never a secret",
		Long: `List the keys in a file: id, kind and state, never a secret.

An aead key seals, a hash key makes the ids of subscribers and of transactions. New data is written with the primary key
of each kind. What is enabled is read too; what is disabled is not.`,
		Args: cobra.ExactArgs(1),
	}, func(c *cobra.Command, o vault.Options, _ []string) error {
		v, err := vault.Open(c.Context(), o)
		if err != nil {
			return err
		}
		return printKeys(t.out, v.Keys(), asJSON)
	})
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func printKeys(w io.Writer, keys []vault.Key, asJSON bool) error {
	if asJSON {
		if err := json.MarshalWrite(w, keys); err != nil {
			return err
		}
		_, err := fmt.Fprintln(w)
		return err
	}
	for _, k := range keys {
		if _, err := fmt.Fprintf(w, "%d\t%s\t%s\n", k.ID, k.Kind, stateOf(k)); err != nil {
			return err
		}
	}
	return nil
}

func stateOf(k vault.Key) string {
	switch {
	case k.Primary:
		return "primary"
	case k.Enabled:
		return "enabled"
	}
	return "disabled"
}

// kindsOf are what --kind names.
func kindsOf(name string) ([]vault.Kind, error) {
	switch name {
	case "aead":
		return []vault.Kind{vault.AEAD}, nil
	case "hash":
		return []vault.Kind{vault.Hashing}, nil
	case "both":
		return []vault.Kind{vault.AEAD, vault.Hashing}, nil
	}
	return nil, fmt.Errorf("--kind %s: aead, hash or both is expected", name)
}

func (t terminal) keysAdd() *cobra.Command {
	var kind string
	c := keyFileCommand(&cobra.Command{
		Use:   "add FILE",
		Short: "Add a key that is not in use for new data yet, and print its id",
		Long: `Add a key that is not in use for new data yet, and print its id. This is the first of the six steps of crier keys --help:
copy the file to every node, and see that each has read it, before the key is promoted.

An aead key is to be changed at the latest after 2^32 seals, about four thousand million contacts and envelopes. A hash
key is changed when it may be known to somebody: whoever has it can try which contacts the ids of subscribers stand for.`,
		Args: cobra.ExactArgs(1),
	}, func(c *cobra.Command, o vault.Options, _ []string) error {
		kinds, err := kindsOf(kind)
		if err != nil {
			return err
		}
		added, err := o.AddKey(c.Context(), kinds...)
		if err != nil {
			return err
		}
		return printAdded(t.out, added)
	})
	c.Flags().StringVar(&kind, "kind", "both", "aead, hash or both")
	return c
}

func printAdded(w io.Writer, a vault.Added) error {
	var keys []vault.Key
	if a.AEAD != 0 {
		keys = append(keys, vault.Key{ID: a.AEAD, Kind: vault.AEAD, Enabled: true})
	}
	if a.Hash != 0 {
		keys = append(keys, vault.Key{ID: a.Hash, Kind: vault.Hashing, Enabled: true})
	}
	return printKeys(w, keys, false)
}

func (t terminal) keysPromote() *cobra.Command {
	return keyIDCommand("promote", "Have new data written with a key, instead of the present one of its kind",
		`Have new data written with a key, instead of the present one of its kind, which stays enabled and reads what there is.

Every node must hold the key before, or it cannot read what the others write with it. This shows what a node holds:

  curl -s http://NODE/metrics | grep crier_vault_key

The log of each node says so too: "keys read again", with the ids. Then copy the file to every node, soon one after
another: the same transaction id that reaches two nodes at the very same moment, one of which has the new key of hashes and
the other not, can be accepted by both. One after the other is recognised on any node.

Then the nodes move every subscriber to the new key in the background. A new hash key gives each another id; that
of before is understood until the old key is disabled.`, vault.Options.Promote)
}

func (t terminal) keysDisable() *cobra.Command {
	return keyIDCommand("disable", "Put an old key out of use; crier keys enable takes this back",
		`Put an old key out of use: what it sealed is not read any more, what it hashed is not found. Refused for the primary key.
crier keys enable takes this back.

A key may be disabled when nothing needs it any more. The metric crier_vault_key_subscribers, on the node that moves the
subscribers (crier_lease_held{name="rekey"} is 1 there), tells how many of them use a key. It is counted vault.rekeyAfter
after a change of keys, and every ten minutes while there is more than one key of a kind. It has to be 0. Besides that:

  aead   it has sealed messages and the contacts of queued deliveries: wait for log.messageAge (7 days) after the promotion
         on the last node, and until nothing that was published before it is queued or parked. What people write is sealed
         with it too: wait for log.inboundAge (30 days) after the promotion, or until all of it is taken.
  hash   it recognises repeated transactions: wait for log.eventAge (30 days) after the promotion on the last node. If it
         is disabled before, a repeat of what was published under it counts as a new message. Which addresses take nothing,
         and who wants no more of a room, is kept under it for up to a year (suppressions.most): wait that long, or they
         are written to again. Who has left a room is known under it too (log.leftAge), until a list names the contact again,
         which moves that to the new key. The metric crier_vault_key_left tells of how many nobody has done so: have the
         lists that are in use imported once more before, since those whom no list names are forgotten then.`, vault.Options.Disable)
}

func (t terminal) keysEnable() *cobra.Command {
	return keyIDCommand("enable", "Put a disabled key into use again, for what it sealed and hashed",
		`Put a disabled key into use again, for what it sealed and hashed. New data is still written with the primary key.`,
		vault.Options.Enable)
}

func (t terminal) keysDelete() *cobra.Command {
	return keyIDCommand("delete", "Remove a disabled key for good",
		`Remove a disabled key for good. What it sealed is lost, in backups too. Refused for a key that is primary or enabled: disable
it first, copy the file to every node, and wait until you are sure that nobody misses it.`, vault.Options.Delete)
}

// keyIDCommand changes one key of a file.
func keyIDCommand(name, short, long string, change func(vault.Options, context.Context, uint32) error) *cobra.Command {
	return keyFileCommand(&cobra.Command{Use: name + " FILE ID", Short: short, Long: long, Args: cobra.ExactArgs(2)},
		func(c *cobra.Command, o vault.Options, args []string) error {
			id, err := strconv.ParseUint(args[0], 10, 32)
			if err != nil {
				return fmt.Errorf("%q is no key id; see crier keys list", args[0])
			}
			return change(o, c.Context(), uint32(id))
		})
}
