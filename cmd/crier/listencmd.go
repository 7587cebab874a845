package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

const listenLong = `Print what is published to all subscribers of a room, as it comes, for its readers and admins. Without --after and --since
it begins with what comes from now on.

Each message comes once and in order. After a failure it goes on with what follows, on another node if there is one. Where
messages are missing because the gateway no longer keeps them, that is said on standard error.`

const listenExample = `  crier listen demo
  crier listen demo --after 0 --count 10
  crier listen demo --since 2026-11-22T08:00:00Z --lane emergency
  crier listen demo --after 4711 --json >> messages.jsonl`

// listening is what of a room is listened to, and for how long.
type listening struct {
	client.StreamOptions
	since string
	count int
}

func (t terminal) listenCommand() *cobra.Command {
	var l listening
	c := &cobra.Command{
		Use:     "listen ROOM",
		Short:   "Print a room's messages as they come",
		Long:    listenLong,
		Example: listenExample,
		Args:    cobra.ExactArgs(1),
	}
	n, p := t.connect(c), t.printer(c)
	f := c.Flags()
	f.Uint64Var(&l.After, "after", 0, "begin behind this sequence; 0 for all that there is")
	f.StringVar(&l.since, "since", "", "begin with what was stored at this time or later (RFC 3339)")
	f.StringVar(&l.Lane, "lane", "", "emergency, normal or bulk; all if empty")
	f.StringVar(&l.Type, "type", "", "messages of this type only")
	f.IntVar(&l.count, "count", 0, "end after so many messages; 0: never")
	c.MarkFlagsMutuallyExclusive("after", "since")
	c.RunE = func(c *cobra.Command, args []string) (err error) {
		l.Resume = c.Flags().Changed("after")
		if l.since != "" {
			if l.Since, err = time.Parse(time.RFC3339, l.since); err != nil {
				return errors.New("--since is a date and time as in RFC 3339, with zone, such as 2026-12-01T09:00:00+06:00")
			}
		}
		gateway, err := n.open()
		if err != nil {
			return err
		}
		return t.listen(c.Context(), gateway, args[0], l, p)
	}
	return c
}

// listen prints messages until ctx ends, which is no failure, or there were enough of them.
func (t terminal) listen(ctx context.Context, gateway *client.Client, room string, l listening, p *printer) error {
	count := 0
	for e, err := range gateway.Stream(ctx, room, l.StreamOptions) {
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case e.Gap > 0:
			fmt.Fprintf(t.err, "messages before %d are no longer kept\n", e.Gap)
			continue
		}
		if err := p.value(e.StreamMessage, func(w io.Writer) { writeMessage(w, e.StreamMessage) }); err != nil {
			return err
		}
		if count++; count == l.count {
			return nil
		}
	}
	return nil
}

// writeMessage is a message for people: what it says in short, in one line.
func writeMessage(w io.Writer, m v1.StreamMessage) {
	var content v1.Text
	_ = json.Unmarshal(m.Content, &content) // of another form: the line shows none of it
	fmt.Fprintf(w, "%d  %s  %s  %s  %s  %q\n", m.Sequence, moment(m.ReceivedAt), m.UMID, m.Lane, m.Type,
		cmp.Or(content.SMS, content.Text, content.Subject))
}
