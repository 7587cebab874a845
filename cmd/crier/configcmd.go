package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/config"
)

const configExample = `  crier config describe > crier.yaml
  crier config check crier.yaml`

func (t terminal) configCommand() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "Explain and check configurations", Example: configExample}
	c.AddCommand(
		&cobra.Command{
			Use:   "describe",
			Short: "Print a configuration with every key, what it means, and its default",
			Args:  cobra.NoArgs,
			RunE:  func(*cobra.Command, []string) error { return config.Describe(t.out) },
		},
		&cobra.Command{
			Use:   "check FILE",
			Short: "Name every fault of a configuration at once",
			Args:  cobra.ExactArgs(1),
			RunE:  func(_ *cobra.Command, args []string) error { return t.check(args[0]) },
		},
	)
	return c
}

// check prints faults one a line on standard output, since they are what was asked for.
func (t terminal) check(file string) error {
	_, err := config.Load(file, t.env)
	faults := list(err)
	if joined := (interface{ Unwrap() []error })(nil); err == nil || !errors.As(err, &joined) {
		return err
	}
	for _, fault := range faults {
		fmt.Fprintln(t.out, fault)
	}
	return fmt.Errorf("%s has %s", file, plural(len(faults), "fault"))
}

// list gives joined errors one by one.
func list(err error) []error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
