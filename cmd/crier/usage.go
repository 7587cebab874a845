package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// refuseWrongUse has every command below root say how it is called if its arguments are wrong, and every group of commands
// refuse what it does not have, which it would answer with its help and success otherwise.
func refuseWrongUse(root *cobra.Command) {
	for _, c := range root.Commands() {
		if c.HasSubCommands() && !c.Runnable() {
			c.RunE = group
			c.DisableFlagsInUseLine = true
		}
		if args := c.Args; args != nil {
			c.Args = called(args)
		}
		refuseWrongUse(c)
	}
}

// group is a command that only has others below it.
func group(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return c.Help()
	}
	c.SuggestionsMinimumDistance = 2 // letters that differ
	did := ""
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		did = "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return fmt.Errorf("%s has no command %q%s\n  %s --help names them all", c.CommandPath(), args[0], did, c.CommandPath())
}

// called says how a command is called where check refuses its arguments.
func called(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if check(c, args) == nil {
			return nil
		}
		return fmt.Errorf("%s cannot be called with %s\n  it is called so: %s", c.CommandPath(), cmp.Or(counted(len(args), "argument", "arguments"), "no argument"), c.UseLine())
	}
}
