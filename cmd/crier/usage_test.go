package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestWrongUseIsRefused(t *testing.T) {
	for args, want := range map[string]string{
		"message cancl 01KAMVJVG0ZJ2C5YD3GZ7A8Q4M": `crier message has no command "cancl"; did you mean cancel?`,
		"config chek crier.yaml":                   `crier config has no command "chek"; did you mean check?`,
		"policy whatever":                          "crier policy --help names them all",
		"policy show patient":                      "crier policy show cannot be called with 1 argument\n  it is called so: crier policy show NAME REVISION",
		"explain":                                  "crier explain cannot be called with no argument",
	} {
		var out, log strings.Builder
		c := terminal{in: strings.NewReader(""), out: &out, err: &log, env: func(string) string { return "" }}
		if code := c.execute(t.Context(), strings.Fields(args)); code != 1 || !strings.Contains(log.String(), want) {
			t.Errorf("%s: exit status %d, %q; want %q", args, code, log.String(), want)
		}
	}
}

func TestEveryGroupRefusesWhatItDoesNotHave(t *testing.T) {
	groups := 0
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		for _, c := range c.Commands() {
			visit(c)
			if !c.HasSubCommands() {
				continue
			}
			groups++
			if c.RunE == nil || c.RunE(c, []string{"nothing-like-it"}) == nil {
				t.Errorf("%s takes anything for a command", c.CommandPath())
			}
		}
	}
	visit(terminal{}.root())
	if groups < 10 {
		t.Errorf("%d groups were found", groups)
	}
}
