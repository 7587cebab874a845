package fleet

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// settings are the keys of a configuration by their paths.
type settings map[string]any

// write writes them as a configuration file; JSON is YAML.
func (s settings) write(file string) error {
	b, err := json.Marshal(s.tree(), json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return fmt.Errorf("fleet: write a configuration: %w", err)
	}
	return os.WriteFile(file, b, 0o600)
}

// tree nests the keys.
func (s settings) tree() map[string]any {
	root := map[string]any{}
	for _, path := range slices.Sorted(maps.Keys(s)) {
		names := strings.Split(path, ".")
		at := root
		for _, name := range names[:len(names)-1] {
			if _, ok := at[name].(map[string]any); !ok {
				at[name] = map[string]any{}
			}
			at = at[name].(map[string]any)
		}
		at[names[len(names)-1]] = s[path]
	}
	return root
}

// settings are the configuration of a node.
func (f *Fleet) settings(n *Node) settings {
	all := f.brokerSettings(n)
	if n.Full() {
		maps.Copy(all, f.serviceSettings(n))
	}
	for path, value := range f.options.Settings {
		if n.Full() || strings.HasPrefix(path, "broker.") || strings.HasPrefix(path, "logging.") {
			all[path] = value
		}
	}
	return all
}

// brokerSettings are what every node has.
func (f *Fleet) brokerSettings(n *Node) settings {
	routes := []string{n.home}
	for _, other := range f.nodes {
		if other != n {
			routes = append(routes, f.reach(n, other))
		}
	}
	return settings{
		"broker.store":                n.Store(),
		"broker.node":                 n.Name,
		"broker.keyFile":              f.path(n.Name + ".store.key"),
		"broker.role":                 n.role(),
		"broker.topology":             f.options.topology(),
		"broker.cluster.listen":       n.home,
		"broker.cluster.routes":       routes,
		"broker.cluster.tls.certFile": f.path(n.Name + ".crt"),
		"broker.cluster.tls.keyFile":  f.path(n.Name + ".key"),
		"broker.cluster.tls.caFile":   f.path("ca.crt"),
	}
}

// serviceSettings are what full nodes have besides.
func (f *Fleet) serviceSettings(n *Node) settings {
	return settings{
		"vault.keysFile":              f.path("keys.json"),
		"api.listen":                  n.api,
		"api.tls.certFile":            f.path(n.Name + ".crt"),
		"api.tls.keyFile":             f.path(n.Name + ".key"),
		"broker.nats.listen":          n.nats,
		"broker.nats.allowMissingSni": true,
		"broker.nats.tls.certFile":    f.path(n.Name + ".crt"),
		"broker.nats.tls.keyFile":     f.path(n.Name + ".key"),
		"api.metrics":                 true,
		"oidc.issuer":                 f.issuer.URL(),
		"providers.email.kind":        "sandbox",
		"providers.sms.kind":          "sandbox",
		"sandbox.url":                 f.options.Sink,
	}
}

func (f *Fleet) path(name string) string { return filepath.Join(f.options.Folder, name) }
