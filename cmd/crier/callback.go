package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

const callbackLong = `Be told how your messages stand: whenever the state of one changes, it is posted to a URL, at most once a second.

The calls are signed as Standard Webhooks describes. The secret is shown when it is made, and never again; with it,
"crier webhook verify" checks a call. A single message names another URL with "crier pub --callback".`

const callbackExample = `  crier callback set https://hospital.example.org/crier
  crier callback show
  crier callback rotate
  crier callback remove`

func (t terminal) callbackCommand() *cobra.Command {
	c := &cobra.Command{Use: "callback", Short: "Be told how your messages stand", Long: callbackLong, Example: callbackExample}
	c.AddCommand(
		t.callbackOf("set URL", "Say where you are told; a new secret is shown", 1, func(ctx context.Context, g *client.Client, args []string) (v1.Callback, error) {
			return g.SetCallback(ctx, args[0])
		}),
		t.callbackOf("show", "Show where you are told", 0, func(ctx context.Context, g *client.Client, _ []string) (v1.Callback, error) {
			return g.Callback(ctx)
		}),
		t.callbackOf("rotate", "Get another secret, and show it", 0, func(ctx context.Context, g *client.Client, _ []string) (v1.Callback, error) {
			return g.RotateCallback(ctx)
		}),
		t.callbackRemove(),
	)
	return c
}

// callbackOf is a command whose answer is a callback.
func (t terminal) callbackOf(use, short string, args int, do func(context.Context, *client.Client, []string) (v1.Callback, error)) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(args)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		cb, err := do(c.Context(), gateway, args)
		if err != nil {
			return err
		}
		return p.callback(cb)
	}
	return c
}

func (t terminal) callbackRemove() *cobra.Command {
	c := &cobra.Command{Use: "remove", Short: "Be told no more", Args: cobra.NoArgs}
	n := t.connect(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		return gateway.RemoveCallback(c.Context())
	}
	return c
}

// callback shows one in a line, and its secret, if there is one, in another.
func (p *printer) callback(cb v1.Callback) error {
	return p.value(cb, func(out io.Writer) {
		fmt.Fprintf(out, "%s\t%s\n", cb.URL, moment(cb.Since))
		if cb.Secret != "" {
			fmt.Fprintf(out, "secret\t%s\n", cb.Secret)
		}
		if !cb.FormerSecretUntil.IsZero() {
			fmt.Fprintf(out, "the secret before signs too until %s\n", moment(cb.FormerSecretUntil))
		}
	})
}
