package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Load reads a configuration file, takes secrets from the environment (see Secrets), fills in defaults and checks the
// whole. The error joins every fault; errors.Join's Unwrap gives them one by one.
func Load(path string, env func(string) string) (Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read the configuration: %w", err)
	}
	c := New()
	var d decoder
	if err := d.document(data, root(&c)); err != nil {
		return c, err
	}
	d.faults = append(d.faults, c.readSecrets(env)...)
	c = c.Complete()
	if c.API.Insecure {
		d.faults = append(d.faults, errors.New("api.insecure: outside of development the API is served with TLS only"))
	}
	faults := append(d.faults, slices.DeleteFunc(c.Check(), d.follows)...)
	return c, errors.Join(faults...)
}

// follows says that a fault is about a key that could not be read in the first place.
func (d *decoder) follows(fault error) bool {
	path, _, _ := strings.Cut(fault.Error(), ": ")
	return d.broken[path]
}
