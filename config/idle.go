package config

import "reflect"

// firstSet is the first key of some options that has a value; empty if none has.
func firstSet(options any) string { return key{value: reflect.ValueOf(options)}.firstSet() }

func (k key) firstSet() string {
	for _, child := range k.below() {
		if !child.section() && !child.empty() {
			return child.path
		}
		if child.section() {
			if found := child.firstSet(); found != "" {
				return found
			}
		}
	}
	return ""
}

func (k key) empty() bool {
	if k.value.Kind() == reflect.Map || k.value.Kind() == reflect.Slice {
		return k.value.Len() == 0
	}
	return k.value.IsZero()
}
