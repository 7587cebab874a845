// Package v1 holds the types of crier's HTTP API, version 1, as openapi.yaml describes them.
// It is for the server and its clients alike; nothing is checked here.
package v1

//go:generate go tool -modfile=../../deploy/tools/go.mod oapi-codegen -config oapi-codegen.yaml ../openapi.yaml
