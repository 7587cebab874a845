package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

const failedLong = `List what went wrong in a room, and have it tried anew or drop it: the room's admins may, its publishers with their own messages.

  list    shows the deliveries that have failed for good, of the newest message first, and those of which nobody knows
          whether they were sent; each with its reason, and an advice
  resend  tries them anew, with a new time to deliver, to where the people are now; at most three times each, and as long as
          the content is kept
  drop    has them be listed no more: they stay failed, and are never tried anew

It is recorded who did it, and crier explain tells. Deliveries that somebody wanted to end are not listed: of people who left, of messages that were
cancelled, replaced or over a limit.

The reasons, and what to do:
`

const failedExample = `  crier failed list newborn
  crier failed list newborn --reason unreachable --since 24h
  crier failed resend newborn --reason unreachable,timeout
  crier failed resend newborn --message 01KAMVJVG0ZJ2C5YD3GZ7A8Q4M --delivery 3
  crier failed drop newborn --reason no-mailbox`

func (t terminal) failedCommand() *cobra.Command {
	c := &cobra.Command{Use: "failed", Short: "List what went wrong in a room; try it anew, or drop it", Long: failedLong + advices(), Example: failedExample}
	c.AddCommand(t.failedList(),
		t.failedSweep("resend", "Try anew what went wrong in a room", failedVerbs{
			done: "tried anew", all: (*client.Client).ResendFailed,
			some: func(gateway *client.Client, ctx context.Context, umid string, f v1.FailedSelection) (v1.Swept, error) {
				r, err := gateway.ResendMessage(ctx, umid, f)
				return v1.Swept{Messages: min(r.Requeued, 1), Deliveries: r.Requeued, Unknown: r.Unknown}, err
			},
		}),
		t.failedSweep("drop", "Drop what went wrong in a room", failedVerbs{
			done: "dropped", all: (*client.Client).DropFailed, careful: true,
			some: func(gateway *client.Client, ctx context.Context, umid string, f v1.FailedSelection) (v1.Swept, error) {
				d, err := gateway.DropDeliveries(ctx, umid, f)
				return v1.Swept{Messages: min(d.Dropped, 1), Deliveries: d.Dropped}, err
			},
		}))
	return c
}

// advices lists the reasons for which something can have gone wrong.
func advices() string {
	var b strings.Builder
	for _, r := range rooms.Reasons() {
		if dead := (rooms.State{Status: rooms.Failed, Reason: r}).Dead(); dead && r != rooms.NoReason && r != rooms.TooManyFail {
			fmt.Fprintf(&b, "\n  %-15s %s", r, r.Advice())
		}
	}
	return b.String()
}

// failedFlags pick out some of what went wrong.
type failedFlags struct {
	message, kind     string
	reasons, channels []string
	since, until      string
	deliveries        []int
}

func (f *failedFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.message, "message", "", "of this message only, by its UMID")
	c.Flags().StringVar(&f.kind, "type", "", "of messages of this type only")
	c.Flags().StringSliceVar(&f.reasons, "reason", nil, "for this reason only; may be repeated")
	c.Flags().StringSliceVar(&f.channels, "channel", nil, "on this channel only; may be repeated")
	c.Flags().StringVar(&f.since, "since", "", "failed since then: a time as in RFC 3339, or how long ago, such as 24h")
	c.Flags().StringVar(&f.until, "until", "", "failed before then")
}

func (f *failedFlags) any() bool {
	return f.message != "" || f.kind != "" || len(f.reasons) > 0 || len(f.channels) > 0 || f.since != "" || f.until != ""
}

func (f *failedFlags) which() (v1.FailedSweep, error) {
	which := v1.FailedSweep{UMID: f.message, Type: f.kind}
	for _, r := range f.reasons {
		which.Reasons = append(which.Reasons, v1.DeliveryReason(r))
	}
	for _, ch := range f.channels {
		which.Channels = append(which.Channels, v1.Channel(ch))
	}
	var errSince, errUntil error
	which.Since, errSince = agoOrThen(f.since)
	which.Until, errUntil = agoOrThen(f.until)
	return which, errors.Join(errSince, errUntil)
}

// agoOrThen reads a time, or how long ago it was.
func agoOrThen(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil {
		return time.Now().Add(-ago), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("%q is neither a time such as 2026-12-01T09:00:00+06:00 nor a while such as 24h", text)
	}
	return t, nil
}

func (t terminal) failedList() *cobra.Command {
	c := &cobra.Command{Use: "list ROOM", Short: "List what went wrong in a room", Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	var f failedFlags
	f.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		which, err := f.which()
		if err != nil {
			return err
		}
		gateway, err := n.open()
		if err != nil {
			return err
		}
		return p.failed(c.Context(), gateway, args[0], which)
	}
	return c
}

// failed lists deliveries, and says the advice of each reason once.
func (p *printer) failed(ctx context.Context, gateway *client.Client, room string, which v1.FailedSweep) (failed error) {
	var said []string
	advice := map[v1.DeliveryReason]string{}
	columns(p.w, func(w io.Writer) {
		out := printer{w, p.json}
		for d, err := range gateway.Failed(ctx, room, which) {
			if err != nil {
				failed = err
				return
			}
			if advice[d.Reason] == "" {
				advice[d.Reason] = d.Advice
				said = append(said, fmt.Sprintf("%s: %s\n", d.Reason, d.Advice))
			}
			failed = out.value(d, func(w io.Writer) {
				again := "resendable"
				if !d.Resendable {
					again = "not resendable"
				}
				fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\tattempts %d\t%s\t%s\n", d.UMID, d.Number, d.Channel, d.Status, d.Reason, d.Code, d.Attempts, again, moment(d.At))
			})
			if failed != nil {
				return
			}
		}
	})
	if failed == nil && !p.json {
		for _, line := range said {
			fmt.Fprint(p.w, line)
		}
	}
	return failed
}

// failedVerbs is what is done about what went wrong: with all that is picked out, or with some deliveries of a message.
type failedVerbs struct {
	done    string
	careful bool // all of it only if that is said
	all     func(*client.Client, context.Context, string, v1.FailedSweep) (v1.Swept, error)
	some    func(*client.Client, context.Context, string, v1.FailedSelection) (v1.Swept, error)
}

func (t terminal) failedSweep(verb, short string, do failedVerbs) *cobra.Command {
	c := &cobra.Command{Use: verb + " ROOM", Short: short, Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	var f failedFlags
	f.add(c)
	c.Flags().IntSliceVar(&f.deliveries, "delivery", nil, "with --message: the numbers of recipients")
	all := !do.careful
	if do.careful {
		c.Flags().BoolVar(&all, "all", false, "all that went wrong in the room")
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		which, err := f.which()
		switch {
		case err != nil:
			return err
		case len(f.deliveries) > 0 && f.message == "":
			return errors.New("--delivery goes with --message")
		case !all && !f.any():
			return errors.New("say which, or --all")
		}
		gateway, err := n.open()
		if err != nil {
			return err
		}
		if len(f.deliveries) > 0 {
			swept, err := do.some(gateway, c.Context(), f.message, v1.FailedSelection{Deliveries: f.deliveries, Reasons: which.Reasons, Channels: which.Channels})
			if err != nil {
				return err
			}
			return p.value(swept, func(w io.Writer) { writeSwept(w, do.done, swept) })
		}
		return p.sweep(c.Context(), gateway, args[0], which, do)
	}
	return c
}

// sweep goes on until nothing is left, and tells how far it is.
func (p *printer) sweep(ctx context.Context, gateway *client.Client, room string, which v1.FailedSweep, do failedVerbs) error {
	for {
		swept, err := do.all(gateway, ctx, room, which)
		if err != nil {
			return err
		}
		if err := p.value(swept, func(w io.Writer) { writeSwept(w, do.done, swept) }); err != nil || swept.Next == nil {
			return err
		}
		which.Cursor = *swept.Next
	}
}

func writeSwept(w io.Writer, done string, s v1.Swept) {
	fmt.Fprintf(w, "%s %d of %s", done, s.Deliveries, messagesText(s.Messages))
	if s.Unknown > 0 {
		fmt.Fprintf(w, ", gone away %d", s.Unknown)
	}
	if s.Skipped > 0 {
		fmt.Fprintf(w, ", messages that cannot be tried anew %d", s.Skipped)
	}
	if s.Next != nil {
		fmt.Fprint(w, "; more follow")
	}
	fmt.Fprintln(w)
}

func messagesText(n int) string {
	if n == 0 {
		return "no message"
	}
	return counted(n, "message", "messages")
}
