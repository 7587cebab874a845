package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	v1 "github.com/govcrier/crier/api/v1"
)

const consumerLong = `Durable consumers let an application read what is published to all subscribers of a room: each message, in order,
and again until it is acknowledged. A consumer's position is kept while the application is away.

Read one with "crier pull", or with a NATS client by the stream, the consumer and the API prefix that are shown.`

const consumerExample = `  crier consumer create newborn ledger
  crier consumer create newborn alerts --lane emergency --from new --ack-wait 1m
  crier consumer list newborn
  crier consumer show newborn ledger
  crier consumer reset newborn ledger --from 2026-11-22T00:00:00Z
  crier consumer delete newborn ledger`

func (t terminal) consumerCommand() *cobra.Command {
	c := &cobra.Command{Use: "consumer", Short: "Create and change durable consumers of applications", Long: consumerLong, Example: consumerExample}
	c.AddCommand(t.consumerCreate(), t.consumerList(), t.consumerShow(), t.consumerReset(), t.consumerDelete())
	return c
}

const fromHelp = `where to begin: "all", "new", a sequence such as 4711, or a time such as 2026-11-22T00:00:00Z`

func (t terminal) consumerCreate() *cobra.Command {
	var wanted v1.NewConsumer
	var lane, from string
	var ackWait time.Duration
	c := &cobra.Command{
		Use:   "create ROOM NAME",
		Short: "Create a consumer (readers and admins of the room); again with the same settings changes nothing",
		Args:  cobra.ExactArgs(2),
	}
	n, p := t.connect(c), t.printer(c)
	f := c.Flags()
	f.StringVar(&lane, "lane", "", "only messages of this lane: emergency, normal or bulk")
	f.StringVar(&wanted.Type, "type", "", "only messages of this type")
	f.StringVar(&from, "from", v1.FromAll, fromHelp)
	f.DurationVar(&ackWait, "ack-wait", 30*time.Second, "after which what is not acknowledged comes again, in whole seconds")
	f.IntVar(&wanted.MaxDeliver, "max-deliver", 0, "how often a message is handed out at most (default: as often as it takes)")
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		wanted.Name, wanted.Lane, wanted.AckWait = args[1], v1.Lane(lane), int(ackWait/time.Second)
		if wanted.Start, err = position(from); err != nil {
			return err
		}
		made, err := gateway.CreateConsumer(c.Context(), args[0], wanted)
		if err != nil {
			return err
		}
		return p.consumer(made)
	}
	return c
}

// position reads where to begin.
func position(from string) (v1.Position, error) {
	if from == v1.FromAll || from == v1.FromNew {
		return v1.Position{From: from}, nil
	}
	if n, err := strconv.ParseUint(from, 10, 63); err == nil && n > 0 {
		return v1.Position{Sequence: n}, nil
	}
	at, err := time.Parse(time.RFC3339, from)
	if err != nil {
		return v1.Position{}, fmt.Errorf("--from: %q is none of all, new, a sequence and a time with zone", from)
	}
	return v1.Position{Time: at}, nil
}

// from writes what position reads.
func from(p v1.Position) string {
	switch {
	case p.Sequence > 0:
		return strconv.FormatUint(p.Sequence, 10)
	case !p.Time.IsZero():
		return p.Time.Format(time.RFC3339)
	}
	return p.From
}

func (t terminal) consumerList() *cobra.Command {
	c := &cobra.Command{Use: "list ROOM", Short: "List your consumers of a room, or all if you are its admin", Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		for one, err := range gateway.Consumers(c.Context(), args[0]) {
			if err == nil {
				err = p.value(one, func(w io.Writer) {
					fmt.Fprintf(w, "%s\t%s\tpending %d, unacknowledged %d\n", one.Name, one.Client, one.Pending, one.AckPending)
				})
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return c
}

func (t terminal) consumerShow() *cobra.Command {
	c := &cobra.Command{Use: "show ROOM NAME", Short: "Show a consumer and how far it is", Args: cobra.ExactArgs(2)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		one, err := gateway.Consumer(c.Context(), args[0], args[1])
		if err != nil {
			return err
		}
		return p.consumer(one)
	}
	return c
}

func (t terminal) consumerReset() *cobra.Command {
	var from string
	c := &cobra.Command{
		Use:   "reset ROOM NAME",
		Short: "Have a consumer begin elsewhere: what stands from there on is handed out again, acknowledged or not",
		Args:  cobra.ExactArgs(2),
	}
	n, p := t.connect(c), t.printer(c)
	c.Flags().StringVar(&from, "from", "", fromHelp)
	_ = c.MarkFlagRequired("from") // fails for unknown flags only
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		start, err := position(from)
		if err != nil {
			return err
		}
		one, err := gateway.ResetConsumer(c.Context(), args[0], args[1], start)
		if err != nil {
			return err
		}
		return p.consumer(one)
	}
	return c
}

func (t terminal) consumerDelete() *cobra.Command {
	c := &cobra.Command{Use: "delete ROOM NAME", Short: "Delete a consumer with its position", Args: cobra.ExactArgs(2)}
	n := t.connect(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		return gateway.DeleteConsumer(c.Context(), args[0], args[1])
	}
	return c
}

// consumer shows a consumer, and what a NATS client has to know.
func (p *printer) consumer(c v1.Consumer) error {
	return p.value(c, func(w io.Writer) {
		columns(w, func(w io.Writer) {
			fmt.Fprintf(w, "name\t%s\nroom\t%s\nclient\t%s\n", c.Name, c.Room, c.Client)
			fmt.Fprintf(w, "lane\t%s\ntype\t%s\n", cmp.Or(string(c.Lane), "all"), cmp.Or(c.Type, "all"))
			fmt.Fprintf(w, "from\t%s\n", from(cmp.Or(c.Reset, c.Start)))
			fmt.Fprintf(w, "ack wait\t%ds\npending\t%d\nunacknowledged\t%d\n", c.AckWait, c.Pending, c.AckPending)
			fmt.Fprintf(w, "handed out to\t%d\nacknowledged to\t%d\n", c.Delivered, c.Acked)
			fmt.Fprintf(w, "NATS\tstream %s, consumer %s, API prefix %s\n", c.Stream, c.Consumer, c.APIPrefix)
		})
	})
}
