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
		t.configCheck(),
	)
	return c
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
