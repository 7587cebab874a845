package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

const messageListLong = `List the messages of a room, the newest first: UMID, state, when it goes, lane, type and recipients.

With --waiting only those that wait for their time or for a second person. A series, which is repeated, is listed with the
time at which it goes next; each of its messages is listed too.`

func (t terminal) messageList() *cobra.Command {
	var waiting bool
	c := &cobra.Command{Use: "list ROOM", Short: "List the messages of a room", Long: messageListLong, Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	c.Flags().BoolVar(&waiting, "waiting", false, "only those that wait")
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		list := gateway.RoomMessages
		if waiting {
			list = gateway.WaitingMessages
		}
		for m, err := range list(c.Context(), args[0]) {
			if err == nil {
				err = p.value(m, func(w io.Writer) { writeListed(w, m) })
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return c
}

func writeListed(w io.Writer, m v1.Message) {
	at := moment(m.ReceivedAt)
	if !m.SendAt.IsZero() {
		at = moment(m.SendAt)
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\n", m.UMID, m.State, at, m.Lane, m.Type, m.Recipients)
}

// messageDecision is a command that decides about a message.
func (t terminal) messageDecision(name, short, long string, decide func(*client.Client, context.Context, string) (v1.Message, error)) *cobra.Command {
	c := &cobra.Command{Use: name + " UMID", Short: short, Long: long, Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		m, err := decide(gateway, c.Context(), args[0])
		if err != nil {
			return err
		}
		return p.value(m, func(w io.Writer) { fmt.Fprintln(w, m.State) })
	}
	return c
}

// tellWaiting says why a message waits, or has waited, and what it has to do with others.
func tellWaiting(w io.Writer, m v1.Message) {
	if m.Exercise {
		fmt.Fprintln(w, "It is a drill.")
	}
	switch m.State {
	case v1.MessageStateAwaitingRelease:
		fmt.Fprintf(w, "It waits for %s, until it is given up.\n", m.Awaits)
	case v1.MessageStateScheduled:
		fmt.Fprintf(w, "It waits until %s.\n", moment(m.SendAt))
	case v1.MessageStateExpired, v1.MessageStateCancelled:
		fmt.Fprintf(w, "It is %s: what was not sent of it never will be.\n", m.State)
	}
	if m.Series == m.UMID && m.Series != "" {
		fmt.Fprintln(w, "It is repeated; each time is a message of its own.")
	} else if m.Series != "" {
		fmt.Fprintf(w, "It is one time of the series %s.\n", m.Series)
	}
	if m.ReleasedBy != "" {
		fmt.Fprintf(w, "%s has released it as the second person.\n", m.ReleasedBy)
	}
	if !m.ReleasedAt.IsZero() {
		fmt.Fprintf(w, "It had waited until %s.\n", moment(m.ReleasedAt))
	}
	switch m.Alert {
	case v1.MessageAlertUpdate:
		fmt.Fprintf(w, "It takes the place of %s.\n", m.References)
	case v1.MessageAlertCancel:
		fmt.Fprintf(w, "It takes back %s.\n", m.References)
	}
	if m.SupersededBy != "" {
		fmt.Fprintf(w, "%s speaks of it: what was not sent of it by then never will be.\n", m.SupersededBy)
	}
}

// awaitedContent shows what somebody is to decide about.
func (t terminal) awaitedContent() *cobra.Command {
	c := &cobra.Command{
		Use: "content UMID", Short: "Read an emergency that awaits a second person", Args: cobra.ExactArgs(1),
		Long: "Read an emergency that awaits a second person, before you release or reject it. Later nobody can.",
	}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		a, err := gateway.AwaitedContent(c.Context(), args[0])
		if err != nil {
			return err
		}
		return p.value(a, func(w io.Writer) {
			if a.Recipients > 0 {
				fmt.Fprintf(w, "recipients %d\n", a.Recipients)
			}
			fmt.Fprintln(w, string(a.Content))
		})
	}
	return c
}
