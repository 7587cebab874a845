package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/control"
	"github.com/govcrier/crier/config"
)

const clusterLong = `Look at the cluster that a node on this machine belongs to, and change it. These commands speak to the running node
through a socket in its store, so they work for the node's own user and for root, also while nothing can be written.

What a cluster promises: of three nodes any one may be lost, with nothing acknowledged lost and no help needed. Of two lost
at once nothing is lost either, but writes wait until one is back. A witness holds a full copy, sealed like the others.`

// nodeFlags are how a command finds the node on this machine.
type nodeFlags struct {
	env           func(string) string
	config, store string
}

func (t terminal) nodeOn(c *cobra.Command) *nodeFlags {
	n := &nodeFlags{env: t.env}
	c.PersistentFlags().StringVar(&n.config, "config", "/etc/crier/crier.yaml", "the node's configuration, which names its store")
	c.PersistentFlags().StringVar(&n.store, "store", "", "the node's store, instead of a configuration")
	return n
}

func (n *nodeFlags) dial() (*control.Client, error) {
	store := n.store
	if store == "" {
		conf, err := config.Load(n.config, n.env)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.config, err)
		}
		store = conf.Broker.Store
	}
	return control.Dial(store), nil
}

func (t terminal) clusterCommand() *cobra.Command {
	c := &cobra.Command{Use: "cluster", Short: "Look at the cluster of a node on this machine, and change it", Long: clusterLong}
	n := t.nodeOn(c)
	c.AddCommand(t.clusterStatus(n), t.clusterVerify(n), t.clusterAdd(n), t.clusterRemove(n), t.clusterStepDown(n))
	return c
}

func (t terminal) clusterStatus(n *nodeFlags) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "status", Short: "Say how the cluster stands, and whether the loss of one more node would be survived", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			node, err := n.dial()
			if err != nil {
				return err
			}
			st, err := node.Status(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return json.MarshalWrite(t.out, st)
			}
			return printStatus(t.out, st)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func printStatus(w io.Writer, st broker.Status) error {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "NODE\tROLE\tANSWERS\tMEMBER\tLEADS")
	for _, n := range st.Nodes {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\n", n.Name, cmp.Or(n.Role, "?"), yes(n.Present), yes(n.Member), n.Leads)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, g := range st.Behind {
		fmt.Fprintf(w, "not whole: %s, %d of %d copies current, leader %s\n", g, g.Current, g.Replicas, cmp.Or(g.Leader, "none"))
	}
	_, err := fmt.Fprintf(w, "\nWould the loss of one more node be survived? %s\n", st.Words)
	return err
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

const verifyLong = `Compare what the nodes hold of every stream, entry by entry. Every node reads all that it has, so this is for quiet hours.
A stream that is written to meanwhile may differ for that reason: ask again. If a copy stays unlike the others, its disk is
not to be trusted: stop that node, "crier cluster remove" it, and start it with an empty store, under a new name.`

func (t terminal) clusterVerify(n *nodeFlags) *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Compare what the nodes hold, entry by entry", Long: verifyLong, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			node, err := n.dial()
			if err != nil {
				return err
			}
			unlike, err := node.Verify(c.Context())
			if err != nil {
				return err
			}
			for _, held := range unlike {
				fmt.Fprintf(t.out, "%s holds %d messages of %s up to %d, digest %s %s\n", held.Node, held.Messages, held.Stream, held.Last, held.Digest, held.Error)
			}
			if len(unlike) > 0 {
				return errors.New("the copies are not all alike")
			}
			_, err = fmt.Fprintln(t.out, "All copies are alike.")
			return err
		},
	}
}

const addLong = `Wait until a node has joined and holds its copies. A node joins by itself when it starts with the cluster's name, with
routes to the others, with a certificate of the cluster's authority, and with an empty store; this command says what its
configuration must hold, and then follows what happens.

To replace a node that is lost: "crier cluster remove OLD", then start the new one, under a name of its own or the old one,
and follow it with this command. To grow: add its address to broker.cluster.routes everywhere, too, for the next start.`

func (t terminal) clusterAdd(n *nodeFlags) *cobra.Command {
	return &cobra.Command{
		Use: "add NODE", Short: "Say what a new node needs, and wait until it has joined", Long: addLong, Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			node, err := n.dial()
			if err != nil {
				return err
			}
			fmt.Fprintf(t.err, "On the new node, beside what the others have:\n\n%s\n", t.newNode(n, args[0]))
			if err := node.Await(c.Context(), args[0], t.step); err != nil {
				return err
			}
			_, err = fmt.Fprintf(t.out, "%s has joined, and everything is whole.\n", args[0])
			return err
		},
	}
}

// newNode is the part of a configuration that a new node needs.
func (t terminal) newNode(n *nodeFlags, name string) string {
	conf, err := config.Load(n.config, n.env)
	if err != nil {
		return "  broker: {node: " + name + ", topology, cluster and raft as on the other nodes}"
	}
	b := conf.Broker
	return fmt.Sprintf(`  broker:
    node: %s
    topology: %s
    cluster:
      name: %s
      routes: [%s]    # and its own
    raft: {scale: %v}
`, name, b.Topology, b.Cluster.Name, strings.Join(b.Cluster.Routes, ", "), b.Raft.Scale)
}

// step tells of progress.
func (t terminal) step(what string) { fmt.Fprintln(t.err, what) }

const removeLong = `Take a node that is off out of the cluster, so that it is no longer counted: its copies move to nodes that have none as
soon as there are such. A node that only restarts must not be removed. A node that answers is refused: stop it first.`

func (t terminal) clusterRemove(n *nodeFlags) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "remove NODE", Short: "Take a node that is off out of the cluster", Long: removeLong, Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			node, err := n.dial()
			if err != nil {
				return err
			}
			if !yes && !t.confirm("Remove "+args[0]+"? Until another takes its place, the loss of one more node stops all writes.", args[0]) {
				return errNotConfirmed
			}
			return node.Remove(c.Context(), args[0], t.step)
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

func (t terminal) clusterStepDown(n *nodeFlags) *cobra.Command {
	var from, to string
	c := &cobra.Command{
		Use: "stepdown", Short: "Move leaders from a node, or to a node, before work on it", Args: cobra.NoArgs,
		Example: "  crier cluster stepdown --from n1\n  crier cluster stepdown --to n2",
		RunE: func(c *cobra.Command, _ []string) error {
			node, err := n.dial()
			if err != nil {
				return err
			}
			if from == "" && to == "" {
				return fmt.Errorf("--from or --to is needed")
			}
			return node.StepDown(c.Context(), from, to, t.step)
		},
	}
	c.Flags().StringVar(&from, "from", "", "the node that shall lead nothing; without it every leader is moved")
	c.Flags().StringVar(&to, "to", "", "the node that shall lead; without it the engine chooses")
	return c
}
