package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

const previewLong = `Say what publishing a message would do: who would get it, on which channel and in which language, as how many SMS and at what
cost, which rows of a file are wrong, and what the first recipient would read. Nothing is kept and nothing is sent.

It takes the flags of "crier pub", which does the same with --preview.`

const previewExample = `  crier preview demo --text "Please come on Tuesday 9:00."
  crier preview demo --mustache --text "Please come with {{child}}." --recipients mothers.csv
  crier preview demo --file body.json --recipients mothers.ndjson --json`

func (t terminal) previewCommand() *cobra.Command {
	m := message{preview: true}
	c := &cobra.Command{Use: "preview ROOM", Short: "See what publishing a message would do", Long: previewLong, Example: previewExample, Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	m.flags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		return t.pub(c.Context(), gateway, args[0], m, p)
	}
	return c
}

// preview asks about each message, and adds up.
func (b batch) preview(ctx context.Context) (v1.Preview, error) {
	var total v1.Preview
	for n, c := range b.cuts {
		message, file, err := b.part(n)
		if err != nil {
			return total, err
		}
		p, err := b.gateway.PreviewFile(ctx, b.room, message, file)
		if err != nil {
			return total, err
		}
		for i := range p.Rows {
			p.Rows[i].Line += c.before
		}
		b.faulty(p.Rows, cut{})
		if len(b.cuts) > 1 {
			fmt.Fprintf(b.err, "checked %d of %d messages\n", n+1, len(b.cuts))
		}
		if n == 0 {
			total = p
			continue
		}
		total = addUp(total, p)
	}
	return total, nil
}

// addUp adds up what two messages would do.
func addUp(a, b v1.Preview) v1.Preview {
	a.Recipients += b.Recipients
	a.Examined += b.Examined
	a.Incomplete += b.Incomplete
	a.Unreachable += b.Unreachable
	a.Empty += b.Empty
	a.Suppressed += b.Suppressed
	a.Faulty += b.Faulty
	a.Rows = append(a.Rows, b.Rows...)
	a.Cost.Currency = cmp.Or(a.Cost.Currency, b.Cost.Currency)
	a.Cost.Amount += b.Cost.Amount
	a.Cost.Unpriced += b.Cost.Unpriced
	a.SMS = v1.PreviewSMS{
		Messages: a.SMS.Messages + b.SMS.Messages, Segments: a.SMS.Segments + b.SMS.Segments,
		MostSegments: max(a.SMS.MostSegments, b.SMS.MostSegments), UCS2: a.SMS.UCS2 + b.SMS.UCS2,
	}
	if a.Sample.Channel == "" {
		a.Sample = b.Sample
	}
	for _, c := range b.Channels {
		a.Channels = addChannel(a.Channels, c)
	}
	for _, g := range b.Groups {
		a.Groups = addGroup(a.Groups, g)
	}
	return a
}

func addChannel(all []v1.PreviewChannel, c v1.PreviewChannel) []v1.PreviewChannel {
	for i := range all {
		if all[i].Channel == c.Channel {
			all[i].Recipients += c.Recipients
			return all
		}
	}
	return append(all, c)
}

func addGroup(all []v1.PreviewGroup, g v1.PreviewGroup) []v1.PreviewGroup {
	for i := range all {
		if all[i].Channel == g.Channel && all[i].Language == g.Language {
			all[i].Recipients += g.Recipients
			return all
		}
	}
	return append(all, g)
}

// shown shows a preview; faulty rows make it a failure.
func (t terminal) shown(p *printer, v v1.Preview) error {
	if err := p.value(v, func(w io.Writer) { describe(w, v) }); err != nil || v.Faulty == 0 {
		return err
	}
	return errors.New(wrongRows(v.Faulty))
}

func describe(w io.Writer, v v1.Preview) {
	columns(w, func(w io.Writer) {
		var by []string
		for _, c := range v.Channels {
			by = append(by, fmt.Sprintf("%s %d", c.Channel, c.Recipients))
		}
		fmt.Fprintf(w, "recipients\t%d\t%s\n", v.Recipients, strings.Join(by, ", "))
		if v.Examined < v.Recipients {
			fmt.Fprintf(w, "examined\t%d\twhat follows is of them\n", v.Examined)
		}
		for _, g := range v.Groups {
			fmt.Fprintf(w, "%s\t%d\t%s\n", g.Channel, g.Recipients, cmp.Or(g.Language, "any language"))
		}
		if v.SMS.Messages > 0 {
			fmt.Fprintf(w, "segments\t%d\tof %d SMS; the longest has %d, and %d of them are in UCS-2\n", v.SMS.Segments, v.SMS.Messages, v.SMS.MostSegments, v.SMS.UCS2)
		}
		if v.Cost.Currency != "" {
			fmt.Fprintf(w, "cost\t%.2f\t%s; %d without a price\n", v.Cost.Amount, v.Cost.Currency, v.Cost.Unpriced)
		}
		fmt.Fprintf(w, "incomplete\t%d\n", v.Incomplete)
		fmt.Fprintf(w, "unreachable\t%d\n", v.Unreachable)
		if v.Empty > 0 {
			fmt.Fprintf(w, "empty\t%d\tnothing is left of the text\n", v.Empty)
		}
		if v.Suppressed > 0 {
			fmt.Fprintf(w, "suppressed\t%d\tget nothing, since they do not want it or the address takes nothing\n", v.Suppressed)
		}
		fmt.Fprintf(w, "faulty\t%d\n", v.Faulty)
	})
	if c := v.Sample.Content; v.Sample.Channel != "" {
		fmt.Fprintf(w, "The first would read, by %s:\n", v.Sample.Channel)
		for _, text := range []string{c.Subject, c.Text, c.HTML, c.SMS} {
			if text != "" {
				fmt.Fprintln(w, text)
			}
		}
	}
}

// previewOf asks what a message would do.
func (t terminal) previewOf(ctx context.Context, gateway *client.Client, room string, m message, p *printer) error {
	message, err := t.body(m)
	if err != nil {
		return err
	}
	if m.recipients == "" {
		v, err := gateway.Preview(ctx, room, message)
		if err != nil {
			return err
		}
		return t.shown(p, v)
	}
	b, err := t.batch(gateway, room, message, m)
	if err != nil {
		return err
	}
	v, err := b.preview(ctx)
	if err != nil {
		return err
	}
	return t.shown(p, v)
}
