package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"

	v1 "github.com/govcrier/crier/api/v1"
)

const suppressionLong = `Addresses that take nothing, for platform admins and data protection officers.

An address comes in when its own mail server says that it does not exist; for a time, longer with each refusal, nothing is
sent there but emergencies. It goes out by itself, when something arrives there, or by hand. So it is, for a year, with who has
complained. Who is no subscriber of a room, and has answered it with STOP, gets nothing more of that room; find looks at all
rooms. Only keyed hashes are kept.`

func (t terminal) suppressionCommand() *cobra.Command {
	c := &cobra.Command{Use: "suppression", Short: "See and change which addresses take nothing", Long: suppressionLong,
		Example: "  crier suppression find a@example.com\n  crier suppression list\n  crier suppression remove n3fXk0mZq9sV2hYt7LwB1cRjEuA"}
	c.AddCommand(t.suppressionFind(), t.suppressionList(), t.suppressionRemove())
	return c
}

func (t terminal) suppressionFind() *cobra.Command {
	c := &cobra.Command{Use: "find CONTACT", Short: "Ask about one address", Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		s, err := gateway.FindSuppression(c.Context(), contact(args[0], ""))
		if err != nil {
			return err
		}
		return p.value(s, func(w io.Writer) {
			writeSuppression(w, v1.Suppression{ID: s.ID, Room: s.Room, Channel: s.Channel, Reason: s.Reason, Until: s.Until, Times: s.Times})
			for _, other := range s.Others {
				writeSuppression(w, other)
			}
		})
	}
	return c
}

func (t terminal) suppressionList() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List them by their hashes", Args: cobra.NoArgs}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		for s, err := range gateway.Suppressions(c.Context()) {
			if err == nil {
				err = p.suppression(s)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return c
}

func (t terminal) suppressionRemove() *cobra.Command {
	return t.act("remove ID", "Write to an address again", (*client.Client).RemoveSuppression)
}

func (p *printer) suppression(s v1.Suppression) error {
	return p.value(s, func(w io.Writer) { writeSuppression(w, s) })
}

func writeSuppression(w io.Writer, s v1.Suppression) {
	reason := s.Reason
	if s.Room != "" {
		reason += " in " + s.Room
	}
	fmt.Fprintf(w, "%s\t%s\t%s\tuntil %s\t%d times\n", s.ID, s.Channel, reason, moment(s.Until), s.Times)
}

const personLong = `What is kept of a person, for data protection officers. The person is found by any of his contacts, in all rooms.

Erasing overwrites the subscriptions on disk and drops what waits to be sent. Not reached are recipients that a message names,
which go with its body, and backups; a store that was compacted since holds no former version, nor does a RAFT log.`

func (t terminal) personCommand() *cobra.Command {
	c := &cobra.Command{Use: "person", Short: "Export or erase what is kept of a person", Long: personLong,
		Example: "  crier person export a@example.com\n  crier person erase +996555000111"}
	c.AddCommand(t.personExport(), t.personErase())
	return c
}

func (t terminal) personExport() *cobra.Command {
	c := &cobra.Command{Use: "export CONTACT", Short: "Print all that is kept of a person, as JSON", Args: cobra.ExactArgs(1)}
	n := t.connect(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		data, err := gateway.ExportPerson(c.Context(), contact(args[0], ""))
		if err != nil {
			return err
		}
		return (&printer{w: t.out, json: true}).value(data, nil)
	}
	return c
}

func (t terminal) personErase() *cobra.Command {
	c := &cobra.Command{Use: "erase CONTACT", Short: "Erase what is kept of a person", Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		e, err := gateway.ErasePerson(c.Context(), contact(args[0], ""))
		if err != nil {
			return err
		}
		return p.value(e, func(w io.Writer) {
			fmt.Fprintf(w, "erased %s, %d waiting\n", plural(e.Subscriptions, "subscription"), e.Deliveries)
		})
	}
	return c
}
