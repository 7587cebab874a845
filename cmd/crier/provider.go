package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

const providerLong = `What stands behind the channels, for platform admins; auditors may look.

Several providers of a channel share its deliveries by their weights. Each weight has a factor, 100 percent at first: crier
lowers it where calls fail or are slow, and raises it again after some quiet minutes, and says why. A provider that does not
answer at all is left out at once by each node, which probes it every few seconds.

Whatever crier thinks, you can pin the factor (weight), let crier move it again (unpin), have nothing new go to a provider
(drain), and end that (resume). A provider is named as in the configuration; if two channels have one of that name, with its
channel: sms/first. Credentials are never shown.`

func (t terminal) providerCommand() *cobra.Command {
	c := &cobra.Command{Use: "provider", Short: "See and steer what stands behind the channels", Long: providerLong,
		Example: `  crier provider list
  crier provider show first
  crier provider test first +996555000111
  crier provider drain first
  crier provider resume first
  crier provider weight first 25
  crier provider unpin first`}
	c.AddCommand(t.providerList(), t.providerShow(), t.providerTest(),
		t.providerState("drain NAME", "Have nothing new go to a provider", `Have nothing new go to a provider, on all nodes within about a second. What is in hand there ends; further attempts go to the
channel's other providers. If all of a channel are drained, its deliveries wait, and expire in the end.`, "", v1.ProviderDrained),
		t.providerState("resume NAME", "End a drain", "End a drain: the provider gets its share again, by the factor that it had. One that was pinned is pinned again.", v1.ProviderDrained, v1.ProviderRunning),
		t.providerWeight(),
		t.providerState("unpin NAME", "Let crier move a factor again", "Let crier move the factor of a provider again, from where it was pinned.", v1.ProviderPinned, v1.ProviderRunning))
	return c
}

func (t terminal) providerList() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List the providers with what they did in the last minute", Args: cobra.NoArgs,
		Long: `List the providers. Numbers are of the node that answers: what was sent, deferred and rejected in the last minute, what is in
hand, and how long half of the calls and 99 in a hundred took at most.`}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		list, err := gateway.Providers(c.Context())
		if err != nil {
			return err
		}
		return p.value(v1.ProviderList{Providers: list}, func(w io.Writer) { columns(w, func(w io.Writer) { providerTable(w, list) }) })
	}
	return c
}

func providerTable(w io.Writer, list []v1.Provider) {
	fmt.Fprintln(w, "PROVIDER\tKIND\tWEIGHT\tFACTOR\tSTATE\tSENT\tDEFERRED\tTHROTTLED\tREJECTED\tIN HAND\tP50\tP99")
	for _, one := range list {
		fmt.Fprintf(w, "%s/%s\t%s\t%d\t%d%%\t%s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", one.Channel, one.Name, one.Kind, one.Weight, one.Factor, providerWord(one),
			one.Sent, one.Deferred, one.Throttled, one.Rejected, one.InFlight, millis(one.P50), millis(one.P99))
	}
}

// providerWord is the state of a provider; that a node takes it for dead matters more to who looks than that it runs.
func providerWord(one v1.Provider) string {
	if one.Open {
		return string(one.State) + ", no answer"
	}
	return string(one.State)
}

func millis(n int) string { return (time.Duration(n) * time.Millisecond).String() }

func (t terminal) providerShow() *cobra.Command {
	c := &cobra.Command{Use: "show NAME", Short: "Show one, and why its weight moved", Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		one, err := namedProvider(c, gateway, args[0])
		if err != nil {
			return err
		}
		return p.provider(one.Provider)
	}
	return c
}

func (p *printer) provider(one v1.Provider) error {
	return p.value(one, func(w io.Writer) {
		columns(w, func(w io.Writer) {
			fmt.Fprintf(w, "provider\t%s/%s\n", one.Channel, one.Name)
			fmt.Fprintf(w, "kind\t%s\n", one.Kind)
			fmt.Fprintf(w, "weight\t%d, of which it gets %d%%\n", one.Weight, one.Factor)
			fmt.Fprintf(w, "state\t%s\n", providerWord(one))
			if one.Rate > 0 {
				fmt.Fprintf(w, "rate\t%s a second, shared by %s\n", strconv.FormatFloat(float64(one.Rate), 'g', -1, 32), plural(one.Nodes, "node"))
			}
			fmt.Fprintf(w, "last minute\tsent %d, deferred %d, throttled %d, rejected %d, in hand %d\n", one.Sent, one.Deferred, one.Throttled, one.Rejected, one.InFlight)
			fmt.Fprintf(w, "took\thalf up to %s, 99%% up to %s\n", millis(one.P50), millis(one.P99))
			if !one.Since.IsZero() {
				changeLine(w, "now", v1.PastProviderChange{State: one.State, Factor: one.Factor, By: one.By, Reason: one.Reason, At: one.Since})
			}
			for _, change := range one.Changes {
				changeLine(w, "before", change)
			}
		})
	})
}

func changeLine(w io.Writer, when string, c v1.PastProviderChange) {
	by := c.By
	if by == "" {
		by = "crier: " + c.Reason
	}
	fmt.Fprintf(w, "%s\t%s  %s %d%%  by %s\n", when, moment(c.At), c.State, c.Factor, by)
}

func (t terminal) providerTest() *cobra.Command {
	c := &cobra.Command{Use: "test NAME CONTACT", Short: "Send one test message through exactly this provider", Args: cobra.ExactArgs(2),
		Long: `Send one test message through exactly this provider, drained or not, to a contact of yours, and print what the provider
said. It says that it is a test. The exit status is 1 unless it was sent.`}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		one, err := namedProvider(c, gateway, args[0])
		if err != nil {
			return err
		}
		said, err := gateway.TestProvider(c.Context(), string(one.Channel), one.Name, contact(args[1], ""))
		if err != nil {
			return err
		}
		if err := p.value(said, func(w io.Writer) { testLine(w, said) }); err != nil || said.Result == v1.ProviderSent {
			return err
		}
		return errors.New("it was not sent")
	}
	return c
}

func testLine(w io.Writer, said v1.ProviderTest) {
	var words []string
	for _, word := range []string{string(said.Result), said.Reason, said.Code, said.ProviderID} {
		if word != "" {
			words = append(words, word)
		}
	}
	fmt.Fprintf(w, "%s, after %s\n", strings.Join(words, " "), millis(said.Took))
}

func (t terminal) providerWeight() *cobra.Command {
	c := &cobra.Command{Use: "weight NAME PERCENT", Short: "Pin the factor of a provider's weight", Args: cobra.ExactArgs(2),
		Long: `Pin the factor of a provider's weight: it gets so many percent of what configuration or policy give it, 0 to 1000, whatever
crier measures, until it is unpinned. One of 0 gets only what others have failed at.`}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		percent, err := strconv.Atoi(strings.TrimSuffix(args[1], "%"))
		if err != nil {
			return errors.New("PERCENT is a whole number, such as 25")
		}
		return changeProvider(c, n, p, args[0], "", v1.ProviderChange{State: v1.ProviderPinned, Factor: &percent})
	}
	return c
}

// providerState makes a command that brings a provider from one state, or any, to another.
func (t terminal) providerState(use, short, long string, from, to v1.ProviderState) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Long: long, Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return changeProvider(c, n, p, args[0], from, v1.ProviderChange{State: to})
	}
	return c
}

func changeProvider(c *cobra.Command, n *connection, p *printer, name string, from v1.ProviderState, wanted v1.ProviderChange) error {
	gateway, err := n.open()
	if err != nil {
		return err
	}
	one, err := namedProvider(c, gateway, name)
	if err != nil {
		return err
	}
	etag := ""
	if from != "" {
		if etag = one.ETag; one.State != from {
			return fmt.Errorf("%s is not %s, but %s", name, from, one.State)
		}
	}
	if from == v1.ProviderDrained {
		wanted = beforeDrain(one)
	}
	one, err = gateway.PutProvider(c.Context(), string(one.Channel), one.Name, etag, wanted)
	if err != nil {
		return err
	}
	return p.provider(one.Provider)
}

// beforeDrain is how a drained provider was used: pinned with a factor, or as crier moves it.
func beforeDrain(one client.Provider) v1.ProviderChange {
	for _, was := range one.Changes {
		if was.State == v1.ProviderPinned {
			return v1.ProviderChange{State: was.State, Factor: &was.Factor}
		}
		if was.State == v1.ProviderRunning {
			break
		}
	}
	return v1.ProviderChange{State: v1.ProviderRunning}
}

// namedProvider finds the provider of a name, or of channel/name.
func namedProvider(c *cobra.Command, gateway *client.Client, name string) (client.Provider, error) {
	if channel, rest, ok := strings.Cut(name, "/"); ok {
		return gateway.Provider(c.Context(), channel, rest)
	}
	list, err := gateway.Providers(c.Context())
	if err != nil {
		return client.Provider{}, err
	}
	named, of := providersOf(list, name)
	switch {
	case len(named) == 1:
		return gateway.Provider(c.Context(), string(named[0].Channel), name)
	case len(named) > 1:
		return client.Provider{}, fmt.Errorf("several channels have a provider %s; say which, such as %s/%s", name, named[0].Channel, name)
	case len(of) == 1:
		return gateway.Provider(c.Context(), name, of[0].Name)
	case len(of) > 1:
		return client.Provider{}, fmt.Errorf("%s has several providers; say which, such as %s/%s", name, name, of[0].Name)
	}
	return client.Provider{}, fmt.Errorf("no provider is called %s; see crier provider list", name)
}

// providersOf are those that are called so, and those of a channel that is called so.
func providersOf(list []v1.Provider, name string) (named, of []v1.Provider) {
	for _, one := range list {
		if one.Name == name {
			named = append(named, one)
		}
		if string(one.Channel) == name {
			of = append(of, one)
		}
	}
	return named, of
}
