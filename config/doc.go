// Package config composes the options of all packages into one YAML file.
//
// Promised: a key that does not exist, or stands twice, is a fault; all faults are named at once, each with the path of
// its key (such as oidc.issuer) and none with its value; secrets can come from the environment or from files, so that the
// configuration itself need not be secret; Describe writes an example that loads without a fault.
//
// CheckFiles opens the files that are named. Not promised: that addresses, providers and the identity provider are there; those are
// tried at the start.
package config

//go:generate go run ./example ../deploy/crier.example.yaml
