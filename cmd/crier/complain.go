package main

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/govcrier/crier/api/client"
)

// complain says on standard error what went wrong: one line, and below it what helps.
func (t terminal) complain(err error) {
	var p *client.Problem
	switch {
	case errors.As(err, &p):
		t.complainOf(p)
	default:
		fmt.Fprintf(t.err, "crier: %v\n", err)
	}
}

func (t terminal) complainOf(p *client.Problem) {
	fmt.Fprintf(t.err, "crier: %s (%s)\n", p.Title, cmp.Or(string(p.Code), fmt.Sprintf("HTTP %d", p.Status)))
	for _, f := range p.Errors {
		fmt.Fprintf(t.err, "  %s: %s (%s)\n", cmp.Or(f.Pointer, f.Parameter, "body"), f.Detail, f.Code)
	}
	for _, r := range p.Rows {
		t.faultyRow(r.Line, r.Errors)
	}
	if p.Faulty > 0 {
		fmt.Fprintf(t.err, "  %s\n", wrongRows(p.Faulty))
	}
	for _, part := range p.Parts {
		fmt.Fprintf(t.err, "  not ready: %s\n", part)
	}
	if p.Detail != "" {
		fmt.Fprintf(t.err, "  %s\n", p.Detail)
	}
	if p.RequestID != "" {
		fmt.Fprintf(t.err, "  request %s\n", p.RequestID)
	}
}
