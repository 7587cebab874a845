package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

func (t terminal) clientSet() *cobra.Command {
	var wanted v1.ClientChange
	c := &cobra.Command{
		Use:   "set CLIENT",
		Short: "Say in whose name a client sends, and from where",
		Long: `Say in whose name a client sends, and from where. What is there already is replaced.

Nobody else's client can send from there then: a sender belongs to one organisation, whose clients may share it. The first
address of each channel is the default; others are named with crier pub --from-email and --from-sms.

Calls of GovStack's e-mail API may name the sending organisation. They are refused if they name it otherwise than by
--organisation and --name, or number it otherwise than by --registration-number. The callback URI of such a call is told that
there is a reply; with --replies full it is told what the reply says, too.`,
		Args: cobra.ExactArgs(1),
	}
	n, p := t.connect(c), t.printer(c)
	f := c.Flags()
	f.StringVar(&wanted.Organisation, "organisation", "", "the name that people see")
	f.StringSliceVar((*[]string)(&wanted.Email), "email", nil, "an address to send from, or *@domain for all of a domain; may be repeated")
	f.StringSliceVar((*[]string)(&wanted.SMS), "sms", nil, "a sender of SMS: up to 11 letters, digits and spaces, or +number; may be repeated")
	f.StringSliceVar((*[]string)(&wanted.Names), "name", nil, "what else calls of the e-mail API may name the organisation; may be repeated")
	f.StringVar((*string)(&wanted.RegistrationNumber), "registration-number", "", "the organisation's number that calls of the e-mail API may name")
	f.StringVar((*string)(&wanted.Replies), "replies", "", "what the callbacks of e-mail API calls are told of replies: ids or full (default ids)")
	_ = c.MarkFlagRequired("organisation")
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		was, err := gateway.Client(c.Context(), args[0])
		var unknown *client.Problem
		if errors.As(err, &unknown) && unknown.Code == v1.ProblemCodeUnknownClient {
			err = nil
		}
		if err != nil {
			return err
		}
		one, err := gateway.PutClient(c.Context(), args[0], was.ETag, wanted)
		if err != nil {
			return err
		}
		return p.registration(one.RegisteredClient)
	}
	return c
}

func (t terminal) clientShow() *cobra.Command {
	c := &cobra.Command{Use: "show CLIENT", Short: "Show in whose name a client sends, such as your own", Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		one, err := gateway.Client(c.Context(), args[0])
		if err != nil {
			return err
		}
		return p.registration(one.RegisteredClient)
	}
	return c
}

func (t terminal) clientList() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List in whose name clients send", Args: cobra.NoArgs}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		list, err := gateway.Clients(c.Context())
		for _, one := range list {
			err := p.value(one, func(w io.Writer) {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", one.Client, one.Organisation, cmp.Or(strings.Join(one.Email, ","), "-"), cmp.Or(strings.Join(one.SMS, ","), "-"))
			})
			if err != nil {
				return err
			}
		}
		return err
	}
	return c
}

func (t terminal) clientDelete() *cobra.Command {
	return t.act("delete CLIENT", "End a client's registration as a sender", (*client.Client).RemoveClient)
}

// registration shows in whose name a client sends.
func (p *printer) registration(one v1.RegisteredClient) error {
	return p.value(one, func(w io.Writer) {
		columns(w, func(w io.Writer) {
			fmt.Fprintf(w, "client\t%s\norganisation\t%s\nemail\t%s\nsms\t%s\n", one.Client, one.Organisation,
				cmp.Or(strings.Join(one.Email, ", "), "-"), cmp.Or(strings.Join(one.SMS, ", "), "-"))
			fmt.Fprintf(w, "names\t%s\nnumber\t%s\nreplies\t%s\n", cmp.Or(strings.Join(one.Names, ", "), "-"), cmp.Or(one.RegistrationNumber, "-"), cmp.Or(one.Replies, v1.RepliesToldIDs))
		})
	})
}

func (t terminal) quotaCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "quota",
		Short: "Show what you may still publish",
		Long: `Show what you may still publish: the quotas over all rooms and of the rooms where you publish, of which each line says how
many messages are left of how many, and after how many seconds some of them are given back. Nothing is printed where no quota
applies.`,
		Args: cobra.NoArgs,
	}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		list, err := gateway.Quota(c.Context())
		for _, one := range list {
			if err := p.value(one, func(w io.Writer) { printQuota(w, one) }); err != nil {
				return err
			}
		}
		return err
	}
	return c
}

func printQuota(w io.Writer, q v1.Quota) {
	for _, one := range []struct {
		window string
		a      *v1.Allowance
	}{{"minute", q.PerMinute}, {"day", q.PerDay}} {
		if one.a != nil {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d of %d left\t%d s\n", cmp.Or(q.Room, "all rooms"), cmp.Or(string(q.Lane), "all lanes"),
				one.window, one.a.Remaining, one.a.Limit, one.a.Reset)
		}
	}
}
