package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/cmd/crier/conform"
	"github.com/govcrier/crier/rooms"
)

const conformLong = `Check from outside whether a server keeps to the interfaces that GovStack describes, whoever has made it.

One line is printed for each check: the interface, what it came to (pass, FAIL or skip), how long it took, the check, and of
what failed what was expected and what came; of what was skipped, what has to be given for it. The last line counts them. The exit
status is 1 if a check failed, or if none was made.

With --listen, callbacks and pushed events are checked too: the server calls this machine, at that address or, where that is not
how it gets here, at --reach. Where events are pushed to, it has to be told beforehand, as the operator of any server does; of
crier: crier callback set URL.

E-mails name their sender as the specification's examples do, Example Medical Institution with the number GOV1234567890: a
server that knows the names of its senders has to know these as the key's (crier client set --name, --registration-number).

REAL MESSAGES ARE SENT, to --recipient and to addresses at its domain, and into --room: name a domain that is nobody's, and a
room without subscribers.`

const conformExample = `  crier conform http://127.0.0.1:8080 --api-key abcdef12345
  crier conform https://messaging.example.org --interface email --api-key KEY --sender office@example.org
  crier conform https://messaging.example.org --api-key KEY --other-api-key KEY-OF-ANOTHER --listen :9099 --reach http://192.0.2.7:9099
  crier conform http://127.0.0.1:8080 --token "$CRIER_TOKEN" --room demo --json`

var (
	errNotConforming  = errors.New("the server does not keep to all of it")
	errNothingChecked = errors.New("nothing was checked: give --api-key or --token")
)

func (t terminal) conformCommand() *cobra.Command {
	var o conform.Options
	var key, other, token, address, reach string
	var wanted []string
	c := &cobra.Command{Use: "conform URL", Short: "Check whether a server keeps to GovStack's interfaces", Long: conformLong, Example: conformExample, Args: cobra.ExactArgs(1)}
	f, p := c.Flags(), t.printer(c)
	f.StringSliceVar(&wanted, "interface", nil, "the interfaces to check: "+strings.Join(conform.Interfaces(), ", ")+"; all if empty")
	f.StringVar(&key, "api-key", "", "API key for the e-mail API; better in the environment, for ps shows flags to others (CRIER_API_KEY)")
	f.StringVar(&other, "other-api-key", "", "API key of another client, to which nothing of the first's is there (CRIER_OTHER_API_KEY)")
	f.StringVar(&token, "token", "", "access token for the other interfaces; better in the environment, for ps shows flags to others (CRIER_TOKEN)")
	f.StringVar(&o.Sender, "sender", "sender@example.com", "an e-mail address that the key may send from")
	f.StringVar(&o.Recipient, "recipient", "customer@example.com", "an e-mail address that is nobody's")
	f.StringVar(&o.Room, "room", "demo", "a room in which the token's client publishes")
	f.StringVar(&o.Member, "member", demoMember+"/"+demoPublisher, "who calls the Information Mediator, in the name of whose member the room is: INSTANCE/CLASS/MEMBER/APPLICATION")
	f.StringVar(&address, "listen", "", "address of this machine at which the server calls back and pushes, such as 127.0.0.1:9099")
	f.StringVar(&reach, "reach", "", "URL by which the server reaches it (default: http:// and the address)")
	c.RunE = func(c *cobra.Command, args []string) error {
		for _, name := range wanted {
			if !slices.Contains(conform.Interfaces(), name) {
				return fmt.Errorf("--interface %s: one of %s", name, strings.Join(conform.Interfaces(), ", "))
			}
		}
		o.URL, o.APIKey, o.Token = args[0], rooms.NewSecret(cmp.Or(key, t.env("CRIER_API_KEY"))), rooms.NewSecret(cmp.Or(token, t.env("CRIER_TOKEN")))
		o.OtherKey = rooms.NewSecret(cmp.Or(other, t.env("CRIER_OTHER_API_KEY")))
		if address != "" {
			ear, err := conform.Listen(c.Context(), address, reach)
			if err != nil {
				return err
			}
			defer ear.Close()
			o.Ear = ear
		}
		return p.conform(c.Context(), o, wanted)
	}
	return c
}

// conform prints each result and what they come to.
func (p *printer) conform(ctx context.Context, o conform.Options, wanted []string) error {
	sum := conform.Run(ctx, o, wanted, p.conformance)
	_ = p.value(sum, func(w io.Writer) {
		fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", sum.Passed, sum.Failed, sum.Skipped)
	})
	switch {
	case sum.Failed > 0:
		return errNotConforming
	case sum.Passed == 0:
		return errNothingChecked
	}
	return nil
}

// conformance is a row of the table, written as soon as it is known.
func (p *printer) conformance(r conform.Result) {
	if p.json {
		_ = p.value(r, nil) // the terminal may be gone
		return
	}
	fmt.Fprintf(p.w, "%-10s %-4s %5d ms  %s", r.Interface, r.Outcome, r.Took, r.Check)
	if r.Detail != "" {
		fmt.Fprintf(p.w, ": %s", r.Detail)
	}
	fmt.Fprintln(p.w)
}
