package httpsms

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// branch is a part of a JSON document that is made anew for each delivery; false leaves it out.
type branch func(v values) (value any, there bool, err error)

const numberKey = "$number"

// newBranch reads what stands in the configuration: maps and lists with templates as leaves.
func newBranch(node any, at string) (branch, error) {
	switch n := node.(type) {
	case map[string]any:
		if text, ok := n[numberKey].(string); ok && len(n) == 1 {
			return numberBranch(text, at)
		}
		return objectBranch(n, at)
	case []any:
		return listBranch(n, at)
	case string:
		p, err := newPart(n, valueNames(), nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		return func(v values) (any, bool, error) {
			s, err := p.render(v)
			return s, s != "", err
		}, nil
	case bool, int, float64:
		return func(values) (any, bool, error) { return n, true, nil }, nil
	}
	return nil, fmt.Errorf("%s: maps, lists, texts, numbers, true and false", at)
}

func objectBranch(n map[string]any, at string) (branch, error) {
	members := map[string]branch{}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(n)) {
		b, err := newBranch(n[name], at+"."+name)
		members[name] = b
		faults = append(faults, err)
	}
	return func(v values) (any, bool, error) {
		object := map[string]any{}
		for name, b := range members {
			value, there, err := b(v)
			if err != nil {
				return nil, false, err
			}
			if there {
				object[name] = value
			}
		}
		return object, len(object) > 0, nil
	}, errors.Join(faults...)
}

func listBranch(n []any, at string) (branch, error) {
	var entries []branch
	var faults []error
	for i, one := range n {
		b, err := newBranch(one, at+"["+strconv.Itoa(i)+"]")
		entries = append(entries, b)
		faults = append(faults, err)
	}
	return func(v values) (any, bool, error) {
		var list []any
		for _, b := range entries {
			value, there, err := b(v)
			if err != nil {
				return nil, false, err
			}
			if there {
				list = append(list, value)
			}
		}
		return list, len(list) > 0, nil
	}, errors.Join(faults...)
}

// numberBranch is a template of what is written without quotes.
func numberBranch(text, at string) (branch, error) {
	p, err := newPart(text, numberNames(), nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	return func(v values) (any, bool, error) {
		s, err := p.render(v)
		if err != nil || s == "" {
			return nil, false, err
		}
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, false, errRender
		}
		return n, true, nil
	}, nil
}
