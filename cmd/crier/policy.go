package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

const policyLong = `Say which messages a room accepts, when they are sent, by what way, and how long and how often that is tried.

A policy has revisions. Each is drafted and submitted by an admin of a room, approved by a data protection officer, who is
somebody else, and published. From then on it never changes: a change is a new revision. A message keeps the revision that
was the latest one published when it was accepted. Until it is published, a revision is shown to its author, to officers
and to platform admins alone.

"crier policy rules" says which rules there are.`

const policyExample = `  crier policy draft patient --retry 5m,1h --expiry 48h --quiet-hours 21:00-08:00 --zone Asia/Bishkek
  crier policy draft patient --revision 1 --file rules.json
  crier policy submit patient 1
  crier policy approve patient 1 --etag '"12"'
  crier policy publish patient 1
  crier room update newborn --policy patient
  crier policy draft patient --expiry 24h
  crier policy diff patient 1 2`

func (t terminal) policyCommand() *cobra.Command {
	c := &cobra.Command{Use: "policy", Short: "Set the rules of accepting and delivering messages", Long: policyLong, Example: policyExample}
	c.AddCommand(t.policyDraft(), t.policyShow(), t.policyList(), t.policyDiff(), t.policyRules(), t.policyDelete(), t.policyHandOver(),
		t.policyStep(client.SubmitPolicy, "Submit a draft of yours for approval"),
		t.policyStep(client.ApprovePolicy, "Approve what somebody else has submitted (data protection officers)"),
		t.policyStep(client.PublishPolicy, "Publish a revision of yours that was approved"),
		t.policyStep(client.RetirePolicy, "Retire a published revision of yours"))
	return c
}

func (t terminal) policyDraft() *cobra.Command {
	var r ruleFlags
	var revision int
	c := &cobra.Command{
		Use:   "draft NAME",
		Short: "Draft a policy, or a new revision of one of yours, or change a revision that is not published",
		Long:  draftLong,
		Args:  cobra.ExactArgs(1),
	}
	n, p := t.connect(c), t.printer(c)
	r.add(c)
	c.Flags().IntVar(&revision, "revision", 0, "the revision to change, which is then a draft again (default: a new one)")
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		rules, err := r.rules(c, t.in)
		if err != nil {
			return err
		}
		one, err := draft(c.Context(), gateway, args[0], revision, rules)
		if err != nil {
			return err
		}
		return p.policy(one)
	}
	return c
}

// draft changes a revision, or begins a policy, or goes on with the one that is there.
func draft(ctx context.Context, gateway *client.Client, name string, revision int, rules client.Rules) (client.Policy, error) {
	if revision != 0 {
		one, err := gateway.Policy(ctx, name, revision)
		if err != nil {
			return one, err
		}
		return gateway.RewritePolicy(ctx, name, revision, one.ETag, rules)
	}
	one, err := gateway.DraftPolicy(ctx, name, rules)
	var p *client.Problem
	if errors.As(err, &p) && p.Code == v1.ProblemCodePolicyExists {
		return gateway.NextPolicy(ctx, name, rules)
	}
	return one, err
}

func (t terminal) policyStep(step, short string) *cobra.Command {
	var etag string
	c := &cobra.Command{Use: step + " NAME REVISION", Short: short, Args: cobra.ExactArgs(2)}
	n, p := t.connect(c), t.printer(c)
	c.Flags().StringVar(&etag, "etag", "", "of the revision as you have seen it: one that was changed since is refused")
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, one, err := n.policy(c.Context(), args)
		if err != nil {
			return err
		}
		one, err = gateway.StepPolicy(c.Context(), one.Name, one.Revision, cmp.Or(etag, one.ETag), step)
		if err != nil {
			return err
		}
		return p.policy(one)
	}
	return c
}

// policy reads the revision that NAME REVISION stand for.
func (n *connection) policy(ctx context.Context, args []string) (*client.Client, client.Policy, error) {
	gateway, err := n.open()
	if err != nil {
		return nil, client.Policy{}, err
	}
	revision, err := revisionNumber(args[1])
	if err != nil {
		return nil, client.Policy{}, err
	}
	one, err := gateway.Policy(ctx, args[0], revision)
	return gateway, one, err
}

func revisionNumber(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("a revision is a number from 1, not %q", s)
	}
	return n, nil
}

func (t terminal) policyShow() *cobra.Command {
	c := &cobra.Command{Use: "show NAME REVISION", Short: "Show a revision of a policy", Args: cobra.ExactArgs(2)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		_, one, err := n.policy(c.Context(), args)
		if err != nil {
			return err
		}
		return p.policy(one)
	}
	return c
}

func (t terminal) policyList() *cobra.Command {
	c := &cobra.Command{Use: "list [NAME]", Short: "List the revisions of all policies, or of one", Args: cobra.MaximumNArgs(1)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		for one, err := range gateway.Policies(c.Context(), strings.Join(args, "")) {
			if err == nil {
				err = p.value(one, func(w io.Writer) {
					fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", one.Name, one.Revision, one.State, cmp.Or(one.Author, "-"))
				})
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return c
}

func (t terminal) policyDiff() *cobra.Command {
	c := &cobra.Command{Use: "diff NAME FROM TO", Short: "Show in what two revisions differ", Args: cobra.ExactArgs(3)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		from, wrong := revisionNumber(args[1])
		to, wrongToo := revisionNumber(args[2])
		if err := cmp.Or(wrong, wrongToo); err != nil {
			return err
		}
		changes, err := gateway.DiffPolicy(c.Context(), args[0], from, to)
		for _, one := range changes {
			if err := p.value(one, func(w io.Writer) { fmt.Fprintf(w, "%s\t%s\t%s\n", one.Pointer, brief(one.From), brief(one.To)) }); err != nil {
				return err
			}
		}
		return err
	}
	return c
}

// policy shows a revision and how far it has come.
func (p *printer) policy(one client.Policy) error {
	return p.value(one.PolicyRevision, func(w io.Writer) {
		columns(w, func(w io.Writer) {
			fmt.Fprintf(w, "name\t%s\nrevision\t%d\nstate\t%s\n", one.Name, one.Revision, one.State)
			fmt.Fprintf(w, "retry\t%s\njitter\t%v\nexpiry\t%s\nduplicates\t%s\n", strings.Join(one.Retry, ","), one.Jitter, one.Expiry, one.Duplicates)
			for _, rule := range furtherRules(one.PolicyRevision) {
				fmt.Fprintf(w, "%s\t%s\n", rule.name, rule.text)
			}
			fmt.Fprintf(w, "author\t%s\napprover\t%s\netag\t%s\n", cmp.Or(one.Author, "-"), cmp.Or(one.Approver, "-"), one.ETag)
		})
	})
}
