package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

var errNotConfirmed = errors.New("not confirmed; nothing was changed")

const promoteLong = `Let this node of a pair go on alone, because the other one is dead and stays off until it is started again on purpose.

A pair holds everything twice, so nothing acknowledged is lost when one node dies. But neither can know whether the other
is dead or only cut off, so writes wait until a person says which. This is that person's command. It
  1. refuses if the other node answers;
  2. tells the engine that one vote is enough, for as long as this takes;
  3. removes the other node from the cluster;
  4. waits until every stream and consumer is led by this node, a few seconds in all.
When the other node is started again with its store, it is taken in again and catches up; "crier cluster status" says when
everything is held twice again. Until then the loss of this node is the loss of what was written meanwhile.

Never do this on both nodes, and never while the other still runs behind a broken network: each would take messages that
the other never gets. Switch it off first, at the power if need be. Who did it is noted in the log and the audit log.`

func (t terminal) promoteCommand() *cobra.Command {
	var peer string
	var yes bool
	c := &cobra.Command{
		Use: "promote --peer-is-dead NODE", Short: "Let this node of a pair go on alone, when the other one is dead", Long: promoteLong,
		Example: "  crier promote --peer-is-dead n2", Args: cobra.NoArgs,
	}
	n := t.nodeOn(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		node, err := n.dial()
		if err != nil {
			return err
		}
		question := "Is " + peer + " switched off, and will it stay off until it is started again on purpose? If both nodes run apart, messages are lost."
		if !yes && !t.confirm(question, peer) {
			return errNotConfirmed
		}
		began := time.Now()
		timed := func(step string) { t.step(fmt.Sprintf("%4.1f s  %s", time.Since(began).Seconds(), step)) }
		if err := node.Promote(c.Context(), peer, timed); err != nil {
			return err
		}
		_, err = fmt.Fprintf(t.out, "Promoted after %.1f s: messages are taken again. Start %s when it is repaired; it catches up by itself.\n",
			time.Since(began).Seconds(), peer)
		return err
	}
	c.Flags().StringVar(&peer, "peer-is-dead", "", "the other node, which is dead")
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	if err := c.MarkFlagRequired("peer-is-dead"); err != nil {
		panic(err) // the flag was made two lines above
	}
	return c
}

// confirm asks a person to type a name. Whoever answers anything else has not confirmed.
func (t terminal) confirm(question, name string) bool {
	fmt.Fprintf(t.err, "%s\nType %s to go on: ", question, name)
	line, _ := bufio.NewReader(t.in).ReadString('\n') // an end without a line confirms nothing
	return strings.TrimSpace(line) == name
}
