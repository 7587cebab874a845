package config

import (
	"reflect"
	"strings"
)

// key is a place in the configuration: a section, or a value.
type key struct {
	path  string
	value reflect.Value
}

// section says whether a key has keys below it.
func (k key) section() bool { return k.value.Kind() == reflect.Struct }

// list says whether a key has entries that are sections.
func (k key) list() bool {
	return k.value.Kind() == reflect.Slice && k.value.Type().Elem().Kind() == reflect.Struct
}

// below lists the keys of a section in the order of its fields; what is inlined stands among them.
func (k key) below() []key {
	var keys []key
	for i := range k.value.NumField() {
		field := k.value.Type().Field(i)
		name, flags, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case flags == "inline":
			keys = append(keys, key{k.path, k.value.Field(i)}.below()...)
		case name != "" && name != "-":
			keys = append(keys, key{join(k.path, name), k.value.Field(i)})
		}
	}
	return keys
}

// child gives the key of that name directly below a section.
func (k key) child(name string) (key, bool) {
	if !k.section() {
		return key{}, false
	}
	for _, child := range k.below() {
		if child.path == join(k.path, name) {
			return child, true
		}
	}
	return key{}, false
}

// find gives a key below a section by its path from there, such as "transit.url".
func (k key) find(path string) (key, bool) {
	name, rest, deeper := strings.Cut(path, ".")
	child, ok := k.child(name)
	if ok && deeper {
		return child.find(rest)
	}
	return child, ok
}

// values lists every value below a section, in order.
func (k key) values() []key {
	if !k.section() {
		return []key{k}
	}
	var all []key
	for _, child := range k.below() {
		all = append(all, child.values()...)
	}
	return all
}

// root is the configuration as a section, so that its keys can be set.
func root(c *Config) key { return key{"", reflect.ValueOf(c).Elem()} }

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
