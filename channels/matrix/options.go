// Package matrix sends by Matrix's client-server API.
package matrix

// Options say how it is reached.
type Options struct{}

// WithDefaults fills in what is not set.
func (o Options) WithDefaults() Options { return o }

// Check names every fault.
func (o Options) Check() []error { return nil }
