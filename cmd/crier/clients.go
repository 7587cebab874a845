package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
)

func (t terminal) connectionsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "connections",
		Short: "List the NATS clients that are connected (platform admins)",
		Long: `List the NATS clients that are connected, to whatever node: who they are, since when, until when their token is good, and
how much waits for them. SSE and HTTP are not connections of this kind.`,
		Args: cobra.NoArgs,
	}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		list, err := gateway.Connections(c.Context())
		for _, one := range list {
			err := p.value(one, func(w io.Writer) {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\tuntil %s\t%d subscriptions\t%d sent\n",
					one.Client, one.Kind, one.Node, one.Address, moment(one.Until), one.Subscriptions, one.Sent)
			})
			if err != nil {
				return err
			}
		}
		return err
	}
	return c
}

const clientExample = `  crier client set hosp-7 --organisation 'Ministry of Health' --email noreply@health.example --sms HEALTH
  crier client show hosp-7
  crier client list
  crier client key add hosp-7
  crier client delete hosp-7
  crier client block hosp-7
  crier client blocked
  crier client unblock hosp-7`

func (t terminal) clientCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "client",
		Short: "Say in whose name clients send; keep clients out",
		Long: `Say in whose name clients send, keep clients out, and let them in again (platform admins).

A client that is registered sends from the addresses that are registered for it, and nobody else's client does.

A client that is blocked is refused whatever token it shows, and its NATS connections are ended within seconds. What it
has published before is delivered all the same.`,
		Example: clientExample,
	}
	c.AddCommand(t.clientSet(), t.clientShow(), t.clientList(), t.clientDelete(), t.clientKey())
	c.AddCommand(t.clientBlock(), t.clientUnblock(), t.clientBlocked())
	return c
}

func (t terminal) clientBlock() *cobra.Command {
	c := &cobra.Command{Use: "block CLIENT", Short: "Keep a client out", Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		b, err := gateway.Block(c.Context(), args[0])
		if err != nil {
			return err
		}
		return p.value(b, func(w io.Writer) { fmt.Fprintf(w, "%s is blocked since %s\n", b.Client, moment(b.Since)) })
	}
	return c
}

func (t terminal) clientUnblock() *cobra.Command {
	return t.act("unblock CLIENT", "Let a client in again", (*client.Client).Unblock)
}

func (t terminal) clientBlocked() *cobra.Command {
	c := &cobra.Command{Use: "blocked", Short: "List the clients that are kept out", Args: cobra.NoArgs}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		list, err := gateway.Blocked(c.Context())
		for _, b := range list {
			err := p.value(b, func(w io.Writer) { fmt.Fprintf(w, "%s\tby %s\tsince %s\n", b.Client, b.By, moment(b.Since)) })
			if err != nil {
				return err
			}
		}
		return err
	}
	return c
}
