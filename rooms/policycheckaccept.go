package rooms

import (
	"encoding/json"
	"fmt"
	"slices"
)

// quotas finds what a minute allows and its day does not.
func (c *contradictions) quotas(r PolicyRules) {
	check := func(at string, q Quota) {
		if q.PerDay > 0 && q.PerMinute > q.PerDay {
			c.add(at+"/perMinute", "more than perDay")
		}
	}
	check("/quota", r.Quota)
	for _, lane := range Lanes() {
		check("/lanes/"+string(lane), r.Lanes[lane])
	}
}

// schemas finds those that no content is as they say, as far as that can be told without trying.
func (c *contradictions) schemas(all []MessageType) {
	for i, t := range all {
		var schema any
		if json.Unmarshal(t.Schema, &schema) == nil && refusesAll(schema) {
			c.add(fmt.Sprintf("/types/%d/schema", i), "no content is as this says")
		}
	}
}

// refusesAll says of a JSON Schema that it takes no object, which contents are. Not of every such schema: what properties
// and references say is not compared.
func refusesAll(schema any) bool {
	s, ok := schema.(map[string]any)
	if !ok {
		return schema == false
	}
	for keyword, said := range s {
		if refuses := refusals()[keyword]; refuses != nil && refuses(said) {
			return true
		}
	}
	return false
}

// refusals are the keywords by which a schema may take no object.
func refusals() map[string]func(any) bool {
	everyOne := func(said any) bool {
		return !slices.ContainsFunc(list(said), func(v any) bool { return !refusesAll(v) })
	}
	return map[string]func(any) bool{
		"type":  func(said any) bool { return !slices.Contains(list(said), any("object")) },
		"const": func(said any) bool { return !isObject(said) },
		"enum":  func(said any) bool { return !slices.ContainsFunc(list(said), isObject) },
		"not":   takesAll,
		"allOf": func(said any) bool { return slices.ContainsFunc(list(said), refusesAll) },
		"anyOf": everyOne, "oneOf": everyOne,
	}
}

func isObject(v any) bool {
	_, ok := v.(map[string]any)
	return ok
}

// takesAll says of a JSON Schema that it takes whatever there is.
func takesAll(schema any) bool {
	s, ok := schema.(map[string]any)
	return schema == true || ok && len(s) == 0
}

// list are the values of a keyword that has one or several.
func list(v any) []any {
	if all, ok := v.([]any); ok {
		return all
	}
	return []any{v}
}
