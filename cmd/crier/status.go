package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

const statusLong = `Show what became of a message.

  pending    accepted, not yet in a queue
  queued     waits for its turn
  sent       the provider confirmed
  delivered  a receipt says that it arrived
  errored    an attempt failed, another follows
  failed     given up; --deliveries shows the reasons

Each recipient is counted once.`

const statusExample = `  crier status 01KAMVJVG0ZJ2C5YD3GZ7A8Q4M
  crier status 01KAMVJVG0ZJ2C5YD3GZ7A8Q4M --follow
  crier status 01KAMVJVG0ZJ2C5YD3GZ7A8Q4M --deliveries`

// followEvery is how often --follow looks.
const followEvery = 500 * time.Millisecond

func (t terminal) statusCommand() *cobra.Command {
	var follow, deliveries bool
	c := &cobra.Command{
		Use:     "status UMID",
		Short:   "Show what became of a message",
		Long:    statusLong,
		Example: statusExample,
		Args:    cobra.ExactArgs(1),
	}
	n, p := t.connect(c), t.printer(c)
	c.Flags().BoolVar(&follow, "follow", false, "go on until nothing more is to happen")
	c.Flags().BoolVar(&deliveries, "deliveries", false, "show each delivery")
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		if err := p.status(c.Context(), gateway, args[0], follow); err != nil || !deliveries {
			return err
		}
		return p.deliveries(c.Context(), gateway, args[0])
	}
	return c
}

// status shows a message; if follow is set, again with each change, until it is finished.
func (p *printer) status(ctx context.Context, gateway *client.Client, umid string, follow bool) error {
	var shown v1.Message
	for first := true; ; first = false {
		m, err := gateway.Message(ctx, umid)
		if err != nil {
			return err
		}
		if first || m.Status != shown.Status || m.Undecided != shown.Undecided || m.State != shown.State || finished(m) {
			if err := p.value(m, func(w io.Writer) { writeStatus(w, m, first) }); err != nil {
				return err
			}
		}
		shown = m
		if !follow || finished(m) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(followEvery):
		}
	}
}

func finished(m v1.Message) bool { return m.FinishedAt != nil }

func writeStatus(w io.Writer, m v1.Message, head bool) {
	if head {
		fmt.Fprintf(w, "%s  %s in %s, lane %s, received %s\n", m.UMID, m.Type, m.Room, m.Lane, moment(m.ReceivedAt))
	}
	if m.State != v1.MessageStateRunning && !finished(m) {
		fmt.Fprintf(w, "%s", m.State)
		if waits := m.State == v1.MessageStateScheduled || m.State == v1.MessageStateAwaitingRelease; waits && !m.SendAt.IsZero() {
			fmt.Fprintf(w, " %s", moment(m.SendAt))
		}
		fmt.Fprintln(w)
	}
	s := m.Status
	fmt.Fprintf(w, "recipients %d: pending %d, queued %d, sent %d, delivered %d, errored %d, failed %d\n",
		m.Recipients, s.Pending, s.Queued, s.Sent, s.Delivered, s.Errored, s.Failed)
	if m.Undecided > 0 {
		fmt.Fprintf(w, "of %d errored nobody knows whether they were sent; a person is to decide\n", m.Undecided)
	}
	if finished(m) {
		fmt.Fprintf(w, "finished %s\n", moment(*m.FinishedAt))
	}
}

func (p *printer) deliveries(ctx context.Context, gateway *client.Client, umid string) error {
	var failed error
	columns(p.w, func(w io.Writer) {
		out := printer{w, p.json}
		for d, err := range gateway.Deliveries(ctx, umid) {
			if err == nil {
				err = out.value(d, func(w io.Writer) {
					fmt.Fprintf(w, "%d\t%s\t%s\t%s\tattempt %d\t%s", d.Number, d.Channel, d.Status, d.Reason, d.Attempt, moment(d.At))
					if !d.RetryAt.IsZero() {
						fmt.Fprintf(w, "\tnext %s", moment(d.RetryAt))
					}
					fmt.Fprintln(w)
				})
			}
			if err != nil {
				failed = err
				return
			}
		}
	})
	return failed
}
