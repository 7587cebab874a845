package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	v1 "github.com/govcrier/crier/api/v1"
)

const webhookLong = `Have the messages of a room posted to an application, as CloudEvents.

The calls are signed as Standard Webhooks describes. The secret is shown when a webhook is added and when it is rotated, and
never again. After a rotation the secret before signs too for a while, so that the application can change over.`

const webhookExample = `  crier webhook add newborn https://clinic.example.org/crier
  crier webhook list newborn
  crier webhook rotate newborn n3fXk0mZq9sV2hYt7LwB1cRjEuA
  crier webhook remove newborn n3fXk0mZq9sV2hYt7LwB1cRjEuA
  crier webhook verify request.txt`

func (t terminal) webhookCommand() *cobra.Command {
	c := &cobra.Command{Use: "webhook", Short: "Have messages posted to applications", Long: webhookLong, Example: webhookExample}
	c.AddCommand(t.webhookAdd(), t.webhookList(), t.webhookRotate(), t.webhookRemove(), t.webhookVerify())
	return c
}

func (t terminal) webhookAdd() *cobra.Command {
	c := &cobra.Command{Use: "add ROOM URL", Short: "Add a webhook, and show its secret", Args: cobra.ExactArgs(2)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		w, err := gateway.AddWebhook(c.Context(), args[0], args[1])
		if err != nil {
			return err
		}
		return p.webhook(w)
	}
	return c
}

func (t terminal) webhookList() *cobra.Command {
	c := &cobra.Command{Use: "list ROOM", Short: "List your webhooks in a room; admins see all", Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		for w, err := range gateway.Webhooks(c.Context(), args[0]) {
			if err == nil {
				err = p.webhook(w)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return c
}

func (t terminal) webhookRotate() *cobra.Command {
	c := &cobra.Command{Use: "rotate ROOM ID", Short: "Give a webhook another secret, and show it", Args: cobra.ExactArgs(2)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		w, err := gateway.RotateWebhook(c.Context(), args[0], args[1])
		if err != nil {
			return err
		}
		return p.webhook(w)
	}
	return c
}

func (t terminal) webhookRemove() *cobra.Command {
	c := &cobra.Command{Use: "remove ROOM ID", Short: "Remove a webhook", Args: cobra.ExactArgs(2)}
	n := t.connect(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		return gateway.RemoveWebhook(c.Context(), args[0], args[1])
	}
	return c
}

// webhook shows one in a line, and its secret, if there is one, in another.
func (p *printer) webhook(w v1.Webhook) error {
	return p.value(w, func(out io.Writer) {
		at := w.URL
		if at == "" {
			at = w.Host
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", w.ID, at, w.Client, moment(w.Since))
		if w.Secret != "" {
			fmt.Fprintf(out, "secret\t%s\n", w.Secret)
		}
		if !w.FormerSecretUntil.IsZero() {
			fmt.Fprintf(out, "the secret before signs too until %s\n", moment(w.FormerSecretUntil))
		}
	})
}
