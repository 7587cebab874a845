package rules

import (
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	maxWeight = 10_000 // schemas that one content may be compared with
	maxDepth  = 8      // levels that a content has at most
)

// weigh refuses a schema that refers to itself without end, or compares too much.
func weigh(s *jsonschema.Schema) error {
	w := weights{known: map[place]int{}, under: map[*jsonschema.Schema]bool{}}
	switch total := w.of(s, 0); {
	case w.bad != "":
		return &BadSchema{Detail: w.bad}
	case total >= maxWeight:
		return &BadSchema{Detail: "too many branches"}
	}
	return nil
}

// place is a schema that is compared with a level of a content.
type place struct {
	schema *jsonschema.Schema
	depth  int
}

type weights struct {
	known map[place]int
	under map[*jsonschema.Schema]bool // way on which the same level is compared
	bad   string
}

// of is how many schemas are compared because of one; more than maxWeight is maxWeight.
func (w *weights) of(s *jsonschema.Schema, depth int) int {
	if s == nil || depth > maxDepth || w.bad != "" {
		return 0
	}
	if w.under[s] {
		w.bad = "$ref leads back to where it stands, without end"
		return 0
	}
	if s.DynamicRef != nil {
		w.bad = "$dynamicRef has no use here"
		return 0
	}
	at := place{s, depth}
	if known, ok := w.known[at]; ok {
		return known
	}
	total := 1
	w.under[s] = true
	for _, other := range beside(s) {
		total = min(total+w.of(other, depth), maxWeight)
	}
	delete(w.under, s)
	way := w.under // what is below is another level, to which a way may come again
	w.under = map[*jsonschema.Schema]bool{}
	for _, other := range below(s) {
		total = min(total+w.of(other, depth+1), maxWeight)
	}
	w.under = way
	w.known[at] = total
	return total
}

// beside are the schemas that are compared with the same value.
func beside(s *jsonschema.Schema) []*jsonschema.Schema {
	all := []*jsonschema.Schema{s.Ref, s.RecursiveRef, s.Not, s.If, s.Then, s.Else}
	all = slices.Concat(all, s.AllOf, s.AnyOf, s.OneOf, slices.Collect(maps.Values(s.DependentSchemas)))
	for _, d := range s.Dependencies {
		all = append(all, schema(d))
	}
	return all
}

// below are those that are compared with its members.
func below(s *jsonschema.Schema) []*jsonschema.Schema {
	all := []*jsonschema.Schema{
		s.PropertyNames, s.UnevaluatedProperties, s.Contains, s.Items2020, s.UnevaluatedItems, schema(s.AdditionalProperties), schema(s.AdditionalItems),
	}
	all = slices.Concat(all, s.PrefixItems, slices.Collect(maps.Values(s.Properties)), slices.Collect(maps.Values(s.PatternProperties)))
	if items, ok := s.Items.([]*jsonschema.Schema); ok {
		return append(all, items...)
	}
	return append(all, schema(s.Items))
}

// schema is nil if there is none.
func schema(v any) *jsonschema.Schema {
	s, _ := v.(*jsonschema.Schema)
	return s
}
