package config

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"go.yaml.in/yaml/v3"
)

// decoder writes a document into a configuration and notes every fault.
type decoder struct {
	faults []error
	broken map[string]bool // paths with a fault
}

func (d *decoder) fault(path string, n *yaml.Node, text string) {
	if d.broken == nil {
		d.broken = map[string]bool{}
	}
	d.broken[path] = true
	if n.Line > 0 {
		text = fmt.Sprintf("%s (line %d)", text, n.Line)
	}
	d.faults = append(d.faults, fmt.Errorf("%s: %s", path, text))
}

// document decodes a whole file; an empty one changes nothing. Its error says that the file is not YAML at all.
func (d *decoder) document(data []byte, into key) error {
	var n yaml.Node
	if err := yaml.Unmarshal(data, &n); err != nil {
		return fmt.Errorf("not a YAML document: %w", err)
	}
	if len(n.Content) > 0 {
		d.decode(n.Content[0], into)
	}
	return nil
}

func (d *decoder) decode(n *yaml.Node, into key) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch {
	case into.section() && n.Kind == yaml.ScalarNode && n.Tag == "!!null":
	case into.section():
		d.section(n, into)
	case into.list():
		d.list(n, into)
	case into.value.Kind() == reflect.Map && into.value.Type().Elem().Kind() == reflect.Struct && n.Kind == yaml.MappingNode:
		d.named(n, into)
	default:
		d.value(n, into)
	}
}

// named decodes a map of sections, whose names are free.
func (d *decoder) named(n *yaml.Node, into key) {
	all := reflect.MakeMap(into.value.Type())
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := reflect.New(into.value.Type().Key()).Elem()
		name.SetString(n.Content[i].Value)
		path := join(into.path, n.Content[i].Value)
		if all.MapIndex(name).IsValid() {
			d.fault(path, n.Content[i], "stands here for a second time")
		}
		one := reflect.New(into.value.Type().Elem()).Elem()
		d.decode(n.Content[i+1], key{path, one})
		all.SetMapIndex(name, one)
	}
	if len(n.Content) > 0 {
		into.value.Set(all)
	}
}

// section decodes a mapping; each of its keys must exist and stand once.
func (d *decoder) section(n *yaml.Node, into key) {
	if n.Kind != yaml.MappingNode {
		d.fault(into.path, n, "keys are expected here")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i]
		path := join(into.path, name.Value)
		child, known := into.child(name.Value)
		switch {
		case !known:
			text := "unknown key"
			if near := into.meant(name.Value); near != "" {
				text += "; did you mean " + near + "?"
			}
			d.fault(path, name, text)
		case seen[path]:
			d.fault(path, name, "stands here for a second time")
		default:
			d.decode(n.Content[i+1], child)
		}
		seen[path] = true
	}
}

// list decodes a sequence of sections.
func (d *decoder) list(n *yaml.Node, into key) {
	if n.Kind != yaml.SequenceNode {
		d.fault(into.path, n, "a list is expected here")
		return
	}
	if len(n.Content) > 0 {
		into.value.Set(reflect.MakeSlice(into.value.Type(), len(n.Content), len(n.Content)))
	}
	for i, entry := range n.Content {
		d.decode(entry, key{fmt.Sprintf("%s[%d]", into.path, i), into.value.Index(i)})
	}
}

// value decodes a scalar, a list or a map. Faults never repeat it: it may be a secret.
func (d *decoder) value(n *yaml.Node, into key) {
	if isDuration(into.value.Type()) && lacksUnit(n) {
		d.fault(into.path, n, "a duration has a unit, such as 30s, 5m or 24h")
		return
	}
	if err := n.Decode(into.value.Addr().Interface()); err != nil {
		d.fault(into.path, n, "not "+expected(into.value.Type()))
	}
}

// isDuration holds for durations and lists of them.
func isDuration(t reflect.Type) bool {
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t == reflect.TypeFor[time.Duration]()
}

// lacksUnit finds numbers, which YAML would take for nanoseconds.
func lacksUnit(n *yaml.Node) bool {
	for _, entry := range n.Content {
		if lacksUnit(entry) {
			return true
		}
	}
	return n.Kind == yaml.ScalarNode && (n.Tag == "!!int" || n.Tag == "!!float") && n.Value != "0"
}

// expected names what a type wants to be given.
func expected(t reflect.Type) string {
	if t == reflect.TypeFor[time.Duration]() {
		return "a duration, such as 30s, 5m or 24h"
	}
	switch t.Kind() {
	case reflect.Slice:
		return "a list, each entry of which is " + expected(t.Elem())
	case reflect.Map:
		return "a map, each value of which is " + expected(t.Elem())
	case reflect.Struct:
		return "a map"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	}
	return "a text"
}

// err joins the faults, nil if there is none.
func (d *decoder) err() error { return errors.Join(d.faults...) }
