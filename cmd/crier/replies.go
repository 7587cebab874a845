package main

import (
	"cmp"
	"fmt"
	"io"
	"iter"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

const repliesLong = `What people have written: to a publisher what answers his messages, to an admin of the room whatever has come.

It is kept until it is taken, for 30 days at most (log.inboundAge). STOP and HELP are no replies: who writes STOP, alone or
with a keyword of the room, has left before anything else happens. A client with a callback is told of each answer to its
messages (org.crier.message.replied), and reads it by its id.`

func (t terminal) repliesCommand() *cobra.Command {
	c := &cobra.Command{Use: "replies", Short: "Read what people have written to a room", Long: repliesLong,
		Example: "  crier replies list newborn\n  crier replies show newborn 17\n  crier replies take newborn 17"}
	show := t.reply("show ROOM ID", "Show one", 2, func(c *cobra.Command, g *client.Client, p *printer, args []string) error {
		r, err := g.Reply(c.Context(), args[0], args[1])
		if err != nil {
			return err
		}
		return p.reply(r)
	})
	take := t.reply("take ROOM ID", "Say that one was read: it is erased", 2, func(c *cobra.Command, g *client.Client, _ *printer, args []string) error {
		return g.TakeReply(c.Context(), args[0], args[1])
	})
	list := t.reply("list ROOM", "List them in the order in which they came", 1, func(c *cobra.Command, g *client.Client, p *printer, args []string) error {
		return p.replies(g.Replies(c.Context(), args[0]))
	})
	c.AddCommand(list, show, take)
	return c
}

const unmatchedLong = `What people have written to nobody, for platform admins and data protection officers.

It answers no message that is known, within the window of its policy, and came to an address that no room has. Give it to a
room, or drop it; else it goes in time.`

func (t terminal) unmatchedCommand() *cobra.Command {
	c := &cobra.Command{Use: "unmatched", Short: "Look after what people have written to nobody", Long: unmatchedLong,
		Example: "  crier unmatched list\n  crier unmatched release 18 newborn\n  crier unmatched drop 18"}
	list := t.reply("list", "List it in the order in which it came", 0, func(c *cobra.Command, g *client.Client, p *printer, _ []string) error {
		return p.replies(g.Unmatched(c.Context()))
	})
	drop := t.reply("drop ID", "Erase it", 1, func(c *cobra.Command, g *client.Client, _ *printer, args []string) error {
		return g.DropUnmatched(c.Context(), args[0])
	})
	to := ""
	release := t.reply("release ID ROOM", "Give it to a room", 2, func(c *cobra.Command, g *client.Client, p *printer, args []string) error {
		r, err := g.ReleaseUnmatched(c.Context(), args[0], v1.ReleaseReply{Room: args[1], UMID: to})
		if err != nil {
			return err
		}
		return p.reply(r)
	})
	release.Flags().StringVar(&to, "message", "", "the UMID of the message that it answers, whose publisher is told")
	c.AddCommand(list, release, drop)
	return c
}

// reply is a command about what people have written.
func (t terminal) reply(use, short string, args int, run func(*cobra.Command, *client.Client, *printer, []string) error) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(args)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		return run(c, gateway, p, args)
	}
	return c
}

func (p *printer) replies(all iter.Seq2[v1.Reply, error]) error {
	for r, err := range all {
		if err == nil {
			err = p.reply(r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *printer) reply(r v1.Reply) error {
	return p.value(r, func(w io.Writer) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%q\n", r.ID, moment(r.ReceivedAt), r.Channel, r.From, cmp.Or(r.UMID, "-"), cmp.Or(r.Text, r.Subject))
	})
}

// inboxFlags are what can be set of what people write to a room.
type inboxFlags struct{ v1.Inbox }

func (i *inboxFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.StringSliceVar(&i.Addresses, "inbox", nil, "an e-mail address or number at which people write to the room; may be repeated")
	f.StringSliceVar(&i.Keywords, "keyword", nil, "a word with which a text begins that is for this room, where others share its number; may be repeated")
	f.StringSliceVar(&i.Stop, "stop-word", nil, "a further word that ends a subscription; may be repeated")
	f.StringSliceVar(&i.Start, "start-word", nil, "a further word that asks for a subscription; may be repeated")
	f.StringVar(&i.Help, "help-text", "", "what is answered to HELP")
	f.StringVar(&i.Confirm, "confirm-replies", "", "what is answered to who has written; nothing if empty")
}

func (i *inboxFlags) apply(c *cobra.Command, to *v1.Inbox) {
	for flag, set := range map[string]func(){
		"inbox":           func() { to.Addresses = i.Addresses },
		"keyword":         func() { to.Keywords = i.Keywords },
		"stop-word":       func() { to.Stop = i.Stop },
		"start-word":      func() { to.Start = i.Start },
		"help-text":       func() { to.Help = i.Help },
		"confirm-replies": func() { to.Confirm = i.Confirm },
	} {
		if c.Flags().Changed(flag) {
			set()
		}
	}
}

// showInbox shows what people write to a room.
func showInbox(w io.Writer, i v1.Inbox) {
	for _, part := range []struct {
		name  string
		lines []string
	}{{"inbox", i.Addresses}, {"keyword", i.Keywords}, {"stop word", i.Stop}, {"start word", i.Start}} {
		for _, line := range part.lines {
			fmt.Fprintf(w, "%s\t%s\n", part.name, line)
		}
	}
	if i.Help != "" {
		fmt.Fprintf(w, "help\t%s\n", i.Help)
	}
	if i.Confirm != "" {
		fmt.Fprintf(w, "confirms\t%s\n", i.Confirm)
	}
}
