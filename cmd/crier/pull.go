package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

const pullLong = `Get messages with a durable consumer: one JSON object a line, in the order of the log. Each is acknowledged once it
is printed, so one that was printed just before a crash comes again.`

const pullExample = `  crier consumer create newborn ledger
  crier pull newborn ledger
  crier pull newborn ledger --follow | ledger-import
  crier pull newborn ledger --no-ack --max 1`

// followWait is how long one call of --follow waits, unless --wait says otherwise.
const followWait = 20 * time.Second

// pulling is what flags say of a pull.
type pulling struct {
	room, name string
	max        int
	wait       time.Duration
	follow     bool
	noAck      bool
}

func (t terminal) pullCommand() *cobra.Command {
	var g pulling
	c := &cobra.Command{
		Use: "pull ROOM NAME", Short: "Get messages with a durable consumer", Long: pullLong, Example: pullExample, Args: cobra.ExactArgs(2),
	}
	n := t.connect(c)
	f := c.Flags()
	f.IntVar(&g.max, "max", 10, "the most messages of one call, up to 100")
	f.DurationVar(&g.wait, "wait", 0, "how long to wait for the first, up to 30s, in whole seconds")
	f.BoolVar(&g.follow, "follow", false, "go on until interrupted")
	f.BoolVar(&g.noAck, "no-ack", false, "acknowledge nothing: what is printed comes again later")
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		g.room, g.name = args[0], args[1]
		if g.follow && !f.Changed("wait") {
			g.wait = followWait
		}
		return g.run(c.Context(), gateway, &printer{w: t.out, json: true})
	}
	return c
}

// run pulls once, or until ctx ends.
func (g pulling) run(ctx context.Context, gateway *client.Client, p *printer) error {
	for {
		err := g.once(ctx, gateway, p)
		switch {
		case ctx.Err() != nil && g.follow:
			return nil
		case err == nil && g.follow:
			continue
		case g.follow && elsewhere(err):
			pause(ctx, time.Second)
			continue
		}
		return err
	}
}

// elsewhere says that another call, or another node, may do better.
func elsewhere(err error) bool {
	var lost *client.ConnectionError
	var p *client.Problem
	return errors.As(err, &lost) || errors.As(err, &p) && p.Code == v1.ProblemCodeUnavailable
}

// once prints what there is, and acknowledges it.
func (g pulling) once(ctx context.Context, gateway *client.Client, p *printer) error {
	got, err := gateway.Pull(ctx, g.room, g.name, v1.Pull{Max: g.max, Wait: int(g.wait / time.Second)})
	if err != nil {
		return err
	}
	var done v1.Acks
	for _, m := range got {
		if err = p.value(m, nil); err != nil {
			break // nobody reads on
		}
		done.Acks = append(done.Acks, m.Ack)
	}
	if len(done.Acks) > 0 && !g.noAck {
		err = errors.Join(err, gateway.Ack(context.WithoutCancel(ctx), g.room, g.name, done))
	}
	return err
}
