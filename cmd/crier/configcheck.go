package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/config"
)

func (t terminal) configCheck() *cobra.Command {
	var noFiles bool
	c := &cobra.Command{
		Use:   "check FILE",
		Short: "Name every fault of a configuration at once",
		Long: `Name every fault of a configuration at once, one a line, and those of the files that it names: keys, certificates, passwords. Run
it where crier runs, as the user that it runs as. Nobody is called: neither providers nor the identity provider.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return t.check(args[0], !noFiles) },
	}
	c.Flags().BoolVar(&noFiles, "no-files", false, "do not open the files that it names, say on another machine")
	return c
}

// check prints faults on standard output, since they are what was asked for.
func (t terminal) check(file string, files bool) error {
	c, err := config.Load(file, t.env)
	if joined := (interface{ Unwrap() []error })(nil); err != nil && !errors.As(err, &joined) {
		return err
	}
	var faults []error
	if err != nil {
		faults = list(err)
	}
	if files {
		faults = append(faults, further(faults, c.CheckFiles())...)
	}
	for _, fault := range faults {
		fmt.Fprintln(t.out, fault)
	}
	if len(faults) > 0 {
		return fmt.Errorf("%s has %s", file, plural(len(faults), "fault"))
	}
	_, err = fmt.Fprintln(t.out, "no faults")
	return err
}

// further are the faults of keys of which none is known.
func further(known, all []error) (further []error) {
	named := map[string]bool{}
	for _, fault := range known {
		named[keyOf(fault)] = true
	}
	for _, fault := range all {
		if !named[keyOf(fault)] {
			further = append(further, fault)
		}
	}
	return further
}

// keyOf is the path of the key that a fault is about.
func keyOf(fault error) string {
	path, _, _ := strings.Cut(fault.Error(), ": ")
	return path
}
