package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

const messageLong = `List messages, and do something about one that waits or is under way: its publisher may, and the admins of its room.

  pause   has the deliveries that have not gone out wait; other messages overtake them
  resume  has them go on; also those of a message that crier has held since too many failed
  cancel  ends them for good; they are counted as failed (cancelled)
  resend  tries anew those that failed for a reason that can be helped, at most three times;
          "crier failed" does so with some of them, or with those of many messages
  release lets an emergency go that awaits a second person, who is not its publisher
  reject  has it end instead

What is with a provider at that moment goes out. To do any of it again changes nothing. "crier status" shows how it stands,
"crier explain" what was decided, by whom and when.`

const messageExample = `  crier message list newborn --waiting
  crier message release 01KAMVJVG0ZJ2C5YD3GZ7A8Q4M
  crier message pause 01KAMVJVG0ZJ2C5YD3GZ7A8Q4M
  crier message resume 01KAMVJVG0ZJ2C5YD3GZ7A8Q4M --wait
  crier message cancel 01KAMVJVG0ZJ2C5YD3GZ7A8Q4M
  crier message resend 01KAMVJVG0ZJ2C5YD3GZ7A8Q4M --wait`

func (t terminal) messageCommand() *cobra.Command {
	c := &cobra.Command{Use: "message", Short: "List messages; pause, resume, cancel, release or reject one, or try anew what has failed", Long: messageLong, Example: messageExample}
	c.AddCommand(t.messageList(),
		t.controlCommand("pause", "Have the deliveries of a message wait", false, (*client.Client).PauseMessage),
		t.controlCommand("resume", "Have the deliveries of a message go on", true, (*client.Client).ResumeMessage),
		t.controlCommand("cancel", "End the deliveries of a message for good", true, (*client.Client).CancelMessage),
		t.resendCommand(),
		t.awaitedContent(),
		t.messageDecision("release", "Let an emergency go that awaits a second person",
			"Let an emergency go that awaits a second person: you, if you may publish in its room and it is not your own.",
			(*client.Client).ReleaseMessage),
		t.messageDecision("reject", "Have an emergency end that awaits a second person",
			"Have an emergency end that awaits a second person. It never goes, and its content is erased.",
			(*client.Client).RejectMessage))
	return c
}

// controlCommand takes a decision; where the message comes to an end afterwards one can wait for that.
func (t terminal) controlCommand(verb, short string, ends bool, decide func(*client.Client, context.Context, string) (v1.Message, error)) *cobra.Command {
	c := &cobra.Command{Use: verb + " UMID", Short: short, Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	var wait bool
	if ends {
		waitFlag(c, &wait)
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		m, err := decide(gateway, c.Context(), args[0])
		if err != nil {
			return err
		}
		if wait {
			return p.status(c.Context(), gateway, args[0], true)
		}
		return p.value(m, func(w io.Writer) { writeStatus(w, m, true) })
	}
	return c
}

func waitFlag(c *cobra.Command, wait *bool) {
	c.Flags().BoolVar(wait, "wait", false, "show how it stands until nothing more is to happen")
}

func (t terminal) resendCommand() *cobra.Command {
	c := &cobra.Command{Use: "resend UMID", Short: "Try anew the deliveries of a message that have failed", Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	var wait bool
	waitFlag(c, &wait)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		if err := p.resend(c.Context(), gateway, args[0]); err != nil || !wait {
			return err
		}
		return p.status(c.Context(), gateway, args[0], true)
	}
	return c
}

// resend asks again while something is left.
func (p *printer) resend(ctx context.Context, gateway *client.Client, umid string) error {
	for {
		r, err := gateway.ResendMessage(ctx, umid, v1.FailedSelection{})
		if err != nil {
			return err
		}
		err = p.value(r, func(w io.Writer) {
			fmt.Fprintf(w, "tried anew %d, left %d", r.Requeued, r.Left)
			if r.Unknown > 0 {
				fmt.Fprintf(w, ", gone away %d", r.Unknown)
			}
			fmt.Fprintln(w)
		})
		if err != nil || r.Left == 0 || r.Requeued == 0 {
			return err
		}
	}
}
