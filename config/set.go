package config

import (
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Set changes one value, named by its path such as policy.retry. The entries of a list are separated by commas; a map, and a
// list of sections, is given as YAML, such as [{name: reserve, kind: sandbox}].
func (c *Config) Set(path, value string) error {
	at, ok := root(c).find(path)
	if !ok || at.section() {
		return fmt.Errorf("%s: unknown key", path)
	}
	var d decoder
	if at.list() || at.value.Kind() == reflect.Map {
		return d.text(value, at)
	}
	d.value(scalar(at.value.Type(), value), at)
	return d.err()
}

// text decodes what is written as in a file.
func (d *decoder) text(value string, into key) error {
	if err := d.document([]byte(value), into); err != nil {
		return fmt.Errorf("%s: %w", into.path, err)
	}
	return d.err()
}

// scalar makes of a text what YAML would have made of it, at the place of a type.
func scalar(t reflect.Type, value string) *yaml.Node {
	switch t.Kind() {
	case reflect.Slice:
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for entry := range strings.SplitSeq(value, ",") {
			list.Content = append(list.Content, scalar(t.Elem(), strings.TrimSpace(entry)))
		}
		return list
	case reflect.String:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: value}
	n.Tag = n.ShortTag()
	return n
}
