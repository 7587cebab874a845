package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"
)

// printer writes answers for people, or as JSON for programs.
type printer struct {
	w    io.Writer
	json bool
}

// printer gives a command the flag --json.
func (t terminal) printer(c *cobra.Command) *printer {
	p := &printer{w: t.out}
	c.Flags().BoolVar(&p.json, "json", false, "print JSON, one value a line")
	return p
}

// value writes v as JSON in one line, or has text write it for people.
func (p *printer) value(v any, text func(w io.Writer)) error {
	if !p.json {
		text(p.w)
		return nil
	}
	if err := json.MarshalWrite(p.w, v, jsontext.SpaceAfterComma(true), jsontext.SpaceAfterColon(true)); err != nil {
		return err
	}
	_, err := fmt.Fprintln(p.w)
	return err
}

// columns aligns what fn writes with tabs between.
func columns(w io.Writer, fn func(w io.Writer)) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fn(t)
	_ = t.Flush() // the terminal may be gone
}

// moment is a time for people, to the second, in UTC.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}
