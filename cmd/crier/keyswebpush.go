package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/channels/webpush"
)

const keysWebpushLong = `Write a new VAPID key for notifications in browsers (providers.webpush.keyFile), and print its public half; of a file that
is there, only that. The file has mode 0600; all nodes have the same one.

The public half is what a page gives the browser as applicationServerKey when a person wants notifications; a gateway that
is configured so shows it to everybody at /v1/webpush/key. A subscription works with the key that it was made with only: whoever
loses the file, or writes another, has every person subscribe again.

A PEM file of another tool (openssl ecparam -name prime256v1 -genkey) will do as well.`

func (t terminal) keysWebpush() *cobra.Command {
	return &cobra.Command{
		Use:     "webpush FILE",
		Short:   "Write a new VAPID key for notifications, and print its public half; an existing file is left alone",
		Long:    keysWebpushLong,
		Example: `  crier keys webpush /etc/crier/vapid.key`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := writeNewPushKey(args[0]); err != nil && !errors.Is(err, fs.ErrExist) {
				return err
			}
			k, err := webpush.ReadKey(c.Context(), nil, args[0])
			if err != nil {
				return err
			}
			public, err := k.Public()
			if err == nil {
				_, err = fmt.Fprintln(t.out, public)
			}
			return err
		},
	}
}

func writeNewPushKey(path string) error {
	k, err := webpush.NewKey()
	if err != nil {
		return err
	}
	private, err := k.Private()
	if err != nil {
		return err
	}
	return writeNew(path, private)
}
