package config

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const preamble = `# The configuration of crier, for: crier serve --config FILE
#
# Every key is here. Those that are commented out show their default. Durations have a unit (30s, 5m, 24h), sizes are
# bytes. A key that does not exist is refused; "crier config check FILE" names every fault at once.
`

// Describe writes a configuration with every key: what it means, and its default. It loads without a fault.
func Describe(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, preamble)
	c := New().Complete()
	describer{b, help(), sections(), fromEnvironment()}.below(root(&c), "")
	return b.Flush()
}

// fromEnvironment says of keys under which names the environment may give them.
func fromEnvironment() map[string]string {
	names := map[string]string{}
	for _, s := range secrets() {
		if s.key != "" {
			names[s.key] = s.name
		}
		names[s.file] = s.name + "_FILE"
	}
	return names
}

type describer struct {
	w        *bufio.Writer
	help     map[string]explained
	sections map[string]string
	env      map[string]string
}

func (d describer) below(section key, indent string) {
	for _, k := range section.below() {
		name := k.path[strings.LastIndexByte(k.path, '.')+1:]
		if !k.section() {
			d.value(k, name, indent)
			continue
		}
		if indent == "" {
			fmt.Fprintln(d.w)
		}
		fmt.Fprintf(d.w, "%s# %s\n%s%s:\n", indent, d.sections[k.path], indent, name)
		d.below(k, indent+"  ")
	}
}

func (d describer) value(k key, name, indent string) {
	h := d.help[k.path]
	fmt.Fprintf(d.w, "%s# %s\n", indent, h.text)
	if env, ok := d.env[k.path]; ok {
		fmt.Fprintf(d.w, "%s# May stand in the environment instead, as %s.\n", indent, env)
	}
	if h.example != "" {
		fmt.Fprintf(d.w, "%s%s: %s\n", indent, name, h.example)
		return
	}
	fmt.Fprintf(d.w, "%s# %s: %s\n", indent, name, text(k.value))
}

// text writes a value as YAML in one line.
func text(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case time.Duration:
		return duration(value)
	case string:
		return quoted(value)
	}
	switch v.Kind() {
	case reflect.Slice:
		entries := make([]string, v.Len())
		for i := range entries {
			entries[i] = text(v.Index(i))
		}
		return "[" + strings.Join(entries, ", ") + "]"
	case reflect.Map:
		return flow(v)
	}
	return fmt.Sprint(v.Interface())
}

// flow writes a map with its keys in order.
func flow(v reflect.Value) string {
	entries := map[string]string{}
	for it := v.MapRange(); it.Next(); {
		entries[it.Key().String()] = text(it.Value())
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		out = append(out, name+": "+entries[name])
	}
	return "{" + strings.Join(out, ", ") + "}"
}

// duration leaves out what is zero at the end: 24h, not 24h0m0s.
func duration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func quoted(s string) string {
	b, err := yaml.Marshal(s)
	if err != nil {
		return `""`
	}
	return strings.TrimSpace(string(b))
}
