package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

const explainLong = `Say in words when a message went, how, and under which rules: of each recipient every attempt, its provider, what became of
it, and the rule that moved or put it off, as long as events are kept.

The rules are those of the revision of the policy that was published when the message was accepted.`

func (t terminal) explainCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "explain UMID",
		Short:   "Say in words what became of a message, and by which rules",
		Long:    explainLong,
		Example: "  crier explain 01KAMVJVG0ZJ2C5YD3GZ7A8Q4M",
		Args:    cobra.ExactArgs(1),
	}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		return p.explain(c.Context(), gateway, args[0])
	}
	return c
}

func (p *printer) explain(ctx context.Context, gateway *client.Client, umid string) error {
	m, err := gateway.Message(ctx, umid)
	if err != nil {
		return err
	}
	if err := p.value(m, func(w io.Writer) { tellMessage(w, m) }); err != nil {
		return err
	}
	rules, err := gateway.Policy(ctx, m.Policy.Name, m.Policy.Revision)
	var unknown *client.Problem
	switch {
	case errors.As(err, &unknown) && unknown.Code == v1.ProblemCodeUnknownPolicy:
		err = p.value(m.Policy, func(w io.Writer) {
			fmt.Fprintf(w, "Its policy was %s, revision %d, which is not there any more.\n", m.Policy.Name, m.Policy.Revision)
		})
	case err == nil:
		err = p.value(rules.PolicyRevision, func(w io.Writer) { tellRules(w, m, rules.PolicyRevision) })
	}
	if err != nil {
		return err
	}
	for d, err := range gateway.Histories(ctx, umid) {
		if err == nil {
			err = p.value(d, func(w io.Writer) { tellDelivery(w, d) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func tellMessage(w io.Writer, m v1.Message) {
	fmt.Fprintf(w, "%s is a message of type %s in the room %s, on the lane %s.\n", m.UMID, m.Type, m.Room, m.Lane)
	fmt.Fprintf(w, "It was accepted %s and is given up %s.\n", moment(m.ReceivedAt), moment(m.ExpiresAt))
	if m.FirstSentAt != nil {
		fmt.Fprintf(w, "It was first sent %s.\n", moment(*m.FirstSentAt))
	}
	tellControl(w, m.Control)
	tellWaiting(w, m)
}

// tellControl says what was decided last, by whom and when.
func tellControl(w io.Writer, c v1.MessageControl) {
	who, why := "by "+c.By, ""
	if c.By == "" {
		who = "by crier itself"
	}
	if c.Reason != "" {
		why = " (" + c.Reason + ")"
	}
	switch c.State {
	case "":
	case v1.MessageStateRunning:
		fmt.Fprintf(w, "It was resumed %s %s.\n", who, moment(c.At))
	default:
		fmt.Fprintf(w, "It was %s %s %s%s.\n", c.State, who, moment(c.At), why)
	}
}

func tellRules(w io.Writer, m v1.Message, r v1.PolicyRevision) {
	fmt.Fprintf(w, "Its policy is %s, revision %d: a failed attempt is repeated after %s, the last wait again and again,\n",
		r.Name, r.Revision, strings.Join(r.Retry, ", "))
	fmt.Fprintf(w, "each up to %.0f %% longer or shorter, until %s.\n", 100*r.Jitter, untilText(m, r))
	if r.Duplicates == v1.DuplicatesResend {
		fmt.Fprintln(w, "An attempt of which nobody knows the outcome is made again.")
	}
	if r.Duplicates == v1.DuplicatesAvoid {
		fmt.Fprintln(w, "Each attempt is claimed before it is made, so that none is made twice; but in emergencies.")
	}
	if r.Duplicates == v1.DuplicatesAvoid && r.Unknown != v1.UnknownResend {
		fmt.Fprintln(w, "If nobody knows whether one was made, a person decides; if nobody does, the delivery fails at its deadline.")
	}
	tellFurther(w, r)
	if until := m.SendAt; m.Lane != v1.Emergency && endsQuiet(r, until) {
		waits := "waits"
		if !m.ReleasedAt.IsZero() {
			waits = "waited"
		}
		fmt.Fprintf(w, "For these times, when nobody is written to, it %s until %s.\n", waits, moment(until))
	}
}

// untilText is until when attempts are made: as the policy says, unless the message has a time of its own.
func untilText(m v1.Message, r v1.PolicyRevision) string {
	expiry, err := time.ParseDuration(r.Expiry)
	if own := m.ExpiresAt.Sub(m.ReceivedAt) - expiry; err == nil && own.Abs() < time.Second {
		return r.Expiry + " after acceptance"
	}
	return moment(m.ExpiresAt) + ", which goes before the " + r.Expiry + " of the policy"
}

// tellDelivery says how it stands with one recipient, who is a number here.
func tellDelivery(w io.Writer, d v1.Delivery) {
	fmt.Fprintf(w, "Recipient %d, by %s: %s", d.Number, cmp.Or(string(d.Channel), "no channel yet"), d.Status)
	if d.Reason != "" {
		fmt.Fprintf(w, " (%s)", d.Reason)
	}
	if d.Round > 0 {
		fmt.Fprintf(w, " in round %d", d.Round+1)
	}
	if d.Attempt > 0 {
		fmt.Fprintf(w, " at attempt %d", d.Attempt)
	}
	fmt.Fprintf(w, ", %s", moment(d.At))
	if !d.RetryAt.IsZero() {
		fmt.Fprintf(w, "; the next attempt is %s", moment(d.RetryAt))
	}
	fmt.Fprintln(w, ".")
	tellSteps(w, d)
}
