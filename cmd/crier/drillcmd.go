package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/govcrier/crier/api/client"
	"github.com/govcrier/crier/cmd/crier/drill"
	"github.com/govcrier/crier/config"
)

const drillLong = `Measure what a failure costs, under load.

Without --nodes a cluster of three is started on this machine, in a temporary folder: two full nodes, n1 and n2, and a
witness, w, each a process of its own, with proxies between them. Nothing else is touched, no root is needed, and nothing
is left behind. Messages are published at a steady rate, to recipients who do not exist, and received by a sink in this
process, while one fault after the other happens:

%s
Each begins when the one before it has healed, with n1 leading everything. What is printed for each:

  longest publish silence   in which no publisher got a receipt, from the fault until everything had healed
  longest delivery silence  in which no delivery came for the first time, in the same span
  acknowledged              messages with a receipt, before, during and after the fault
  lost                      deliveries of those that never came, within --grace after everything had healed
  duplicated                deliveries that came again
  redelivered               jobs handed out again after they had been sent: those that a node then knew and did not send
                            (crier_channel_skipped_total), and those duplicated
  longest from receipt to   for what a dead node had in hand, this is when it was handed out again: after log.ackWait
    delivery
  healed after              the time from the end of the fault (a node is started again, goes on, is connected again)
                            until all streams and consumers have all their replicas, each of them current

All nodes share this machine's disk and processors, so silences are longer than on three machines, and the network between
them is faster. Killing a process is no power cut: what it has written survives in memory.

With --nodes a cluster is measured that somebody else runs: you are asked to do the damage, and to press Enter at the
moment. EVERY RECIPIENT GIVEN BY --to GETS EVERY MESSAGE, so let the room's providers be sandboxes. If their sandbox.url
leads here, --sink says where to listen; otherwise the status of each message says whether it was sent, and repeats cannot
be seen. Healed is then when every node is ready again.

The exit status is 1 if anything acknowledged was lost, or something could not be measured.`

const drillExample = `  crier drill
  crier drill --fault kill-leader --runs 20 --evidence ./evidence
  crier drill --fault hang --hang 1m --rate 50 --json
  crier drill --fault partition --set log.ackWait=10s
  crier drill --fault kill-leader --nodes https://n1.example.org,https://n2.example.org --room drill --to a@example.com`

// drillFlags are what the command line says.
type drillFlags struct {
	drill.Options
	set     []string
	gate    drill.Gateway
	to      []string
	command string // as it was typed, without secrets
}

func (t terminal) drillCommand() *cobra.Command {
	var f drillFlags
	c := &cobra.Command{
		Use:     "drill",
		Short:   "Measure what the failure of a node costs",
		Long:    fmt.Sprintf(drillLong, describeFaults()),
		Example: drillExample,
		Args:    cobra.NoArgs,
	}
	n, p := t.credentials(c), t.printer(c)
	c.Flags().StringVar(&n.token, "token", "", "with --nodes: access token; better in the environment, for ps shows flags to others (CRIER_TOKEN)")
	f.flags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := f.complete(c); err != nil {
			return err
		}
		f.Progress = t.progress
		f.Measured = func(r drill.Result) { t.measured(p, r) }
		results, err := t.drill(c.Context(), f, n)
		return errors.Join(err, t.reportDrill(p, f, results), lostAny(results))
	}
	return c
}

func (f *drillFlags) flags(c *cobra.Command) {
	s := c.Flags()
	s.StringSliceVar(&f.Faults, "fault", nil, "what happens; may be repeated (default: all, in the order above)")
	s.IntVar(&f.Runs, "runs", 1, "how often all of it is done")
	s.Float64Var(&f.Rate, "rate", 200, "publishes per second, of all publishers together")
	s.IntVar(&f.Publishers, "publishers", 32, "how many publish at the same time")
	s.IntVar(&f.Recipients, "recipients", 1, "recipients of each message")
	s.DurationVar(&f.Hang, "hang", 30*time.Second, "how long a node hangs")
	s.DurationVar(&f.Cut, "cut", 15*time.Second, "how long a node is cut off")
	s.DurationVar(&f.Down, "down", 10*time.Second, "how long a killed node is away")
	s.DurationVar(&f.Before, "before", 5*time.Second, "how long the load runs before each fault")
	s.DurationVar(&f.Grace, "grace", 90*time.Second, "after which a delivery that has not come is lost")
	s.DurationVar(&f.Linger, "linger", 35*time.Second, "how long after a fault repeats are waited for; more than log.ackWait")
	s.Float64Var(&f.Scale, "raft-scale", 0, "broker.raft.scale of the nodes (default: that of the configuration)")
	s.StringArrayVar(&f.set, "set", nil, "KEY=VALUE of the nodes' configuration, such as log.ackWait=10s; may be repeated")
	s.StringVar(&f.Evidence, "evidence", "", "keep receipts, deliveries, results and the nodes' logs in this folder")
	s.StringSliceVar(&f.gate.Nodes, "nodes", nil, "measure this cluster instead: the URLs of its full nodes")
	s.StringVar(&f.gate.Room, "room", "", "with --nodes: the room to publish into")
	s.StringSliceVar(&f.to, "to", nil, "with --nodes: e-mail address or +number of a recipient; may be repeated")
	s.StringVar(&f.gate.Sink, "sink", "", "with --nodes: HOST:PORT to listen on, to which their sandbox.url leads")
	c.MarkFlagsRequiredTogether("nodes", "room", "to")
	for _, own := range []string{"recipients", "raft-scale", "set"} {
		c.MarkFlagsMutuallyExclusive("nodes", own)
	}
}

// complete takes what is written in a form of its own.
func (f *drillFlags) complete(c *cobra.Command) error {
	f.command = typed(c)
	f.Settings = map[string]any{}
	for _, pair := range f.set {
		name, text, ok := strings.Cut(pair, "=")
		if !ok {
			return fmt.Errorf("--set %s: KEY=VALUE is expected", pair)
		}
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			return fmt.Errorf("--set %s: the value is not YAML", pair)
		}
		f.Settings[name] = value
	}
	for _, to := range f.to {
		f.gate.To = append(f.gate.To, contact(to, ""))
	}
	return nil
}

// shown are the flags that a report names: those without secrets and contacts.
func shown() []string {
	return []string{
		"fault", "runs", "rate", "publishers", "recipients", "hang", "cut", "down", "before", "grace", "linger", "raft-scale", "set",
		"nodes", "room", "sink",
	}
}

// typed is the command line as it can be shown.
func typed(c *cobra.Command) string {
	line := "crier drill"
	for _, name := range shown() {
		if !c.Flags().Changed(name) {
			continue
		}
		value := c.Flags().Lookup(name).Value
		text := value.String()
		if list, ok := value.(interface{ GetSlice() []string }); ok {
			text = strings.Join(list.GetSlice(), ",")
		}
		line += " --" + name + " " + text
	}
	return line
}

func describeFaults() string {
	var b strings.Builder
	for _, name := range drill.Faults() {
		fmt.Fprintf(&b, "  %-13s  %s\n", name, drill.Describe(name))
	}
	return b.String()
}

// drill measures a cluster of its own, or that of an operator.
func (t terminal) drill(ctx context.Context, f drillFlags, n *connection) ([]drill.Result, error) {
	if len(f.gate.Nodes) == 0 {
		return drill.Run(ctx, f.Options)
	}
	h, err := n.httpClient()
	if err != nil {
		return nil, err
	}
	f.gate.HTTPClient = h
	f.gate.Open = func(nodes ...string) (*client.Client, error) {
		one := *n
		one.servers = nodes
		return one.open()
	}
	f.gate.Ask = t.asker()
	return drill.Watch(ctx, f.Options, f.gate)
}

// asker asks on standard error, and waits for Enter on standard input.
func (t terminal) asker() func(context.Context, string) error {
	in := bufio.NewReader(t.in)
	return func(ctx context.Context, text string) error {
		fmt.Fprintf(t.err, ">>> %s\n", text)
		read := make(chan error, 1)
		go func() {
			_, err := in.ReadString('\n')
			read <- err
		}()
		select {
		case err := <-read:
			if errors.Is(err, io.EOF) {
				return errors.New("standard input has ended: an operator is needed who presses Enter")
			}
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// progress says what happens, on standard error.
func (t terminal) progress(text string) {
	fmt.Fprintf(t.err, "%s  %s\n", time.Now().Format("15:04:05.000"), text)
}

// measured says what was measured as soon as it is.
func (t terminal) measured(p *printer, r drill.Result) {
	if p.json {
		_ = p.value(r, nil) // standard output may be gone; the exit status stays
	}
	t.progress(fmt.Sprintf("%s: publish silence %d ms, delivery silence %d ms, %d acknowledged, %d lost, healed after %d ms",
		r.Fault, r.PublishSilence, r.DeliverySilence, r.Acked, r.Lost, r.Healed))
}

// reportDrill prints the table of all: on standard output, unless that takes JSON. It goes with the evidence, too.
func (t terminal) reportDrill(p *printer, f drillFlags, results []drill.Result) error {
	if len(results) == 0 {
		return nil
	}
	var report bytes.Buffer
	if err := drill.Report(&report, f.conditions(), results); err != nil {
		return err
	}
	w := t.out
	if p.json {
		w = t.err
	}
	if _, err := w.Write(report.Bytes()); err != nil || f.Evidence == "" {
		return err
	}
	return os.WriteFile(filepath.Join(f.Evidence, "report.md"), report.Bytes(), 0o644)
}

// conditions are those under which it was measured.
func (f *drillFlags) conditions() drill.Conditions {
	c := drill.Conditions{
		Command: f.command,
		Load: fmt.Sprintf("%g publishes per second by %d publishers, %d recipients each, every write on disk before it is answered",
			f.Rate, f.Publishers, cmp.Or(len(f.gate.To), f.Recipients)),
	}
	if len(f.gate.Nodes) > 0 {
		c.Cluster = fmt.Sprintf("A cluster with %d full nodes", len(f.gate.Nodes))
		return c
	}
	scale := cmp.Or(f.Scale, config.New().Complete().Broker.Raft.Scale)
	c.Cluster = fmt.Sprintf("crier %s, two full nodes and a witness on one machine with %d cores and one disk, broker.raft.scale %g",
		version, runtime.NumCPU(), scale)
	return c
}

// lostAny is the error that ends a drill in which something was lost.
func lostAny(results []drill.Result) error {
	sum := 0
	for _, r := range results {
		sum += r.Lost
	}
	if sum == 0 {
		return nil
	}
	return fmt.Errorf("%d deliveries of acknowledged messages were lost", sum)
}
