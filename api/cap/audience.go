package cap

import (
	"slices"
	"unicode/utf8"

	"github.com/govcrier/crier/rooms"
)

// What an audience holds at most; an alert for more is for everybody.
const (
	maxValues     = 100
	maxValue      = 200 // characters
	maxValueBytes = 3000
)

// Audience is for which of a room's subscribers an alert is, by the room's rules: the first of them under which every area
// of the alert has a code. Nil is everybody: where there is no such rule, where the alert names no areas, and where there are
// more than an audience holds. For to warn too many is better than too few.
func (a Alert) Audience(by []rooms.AreaRule) rooms.Audience {
	rule, values := a.rule(by)
	if values == nil {
		return nil
	}
	return rooms.Audience{rule.Attribute: values}
}

// rule is the first under which every area has a code, and the codes; no codes if there is none.
func (a Alert) rule(by []rooms.AreaRule) (rooms.AreaRule, []string) {
	for _, rule := range by {
		if values, ok := a.codesOf(rule); ok {
			return rule, values
		}
	}
	return rooms.AreaRule{}, nil
}

// codesOf are the codes that an alert's areas have under a rule; false if one has none, or they are too many.
func (a Alert) codesOf(rule rooms.AreaRule) (values []string, ok bool) {
	size := len(rule.Attribute)
	for _, i := range a.Info {
		if len(i.Areas) == 0 {
			return nil, false
		}
		for _, area := range i.Areas {
			found := area.codes(rule.Geocode)
			if len(found) == 0 {
				return nil, false
			}
			for _, v := range found {
				if slices.Contains(values, v) {
					continue
				}
				if size += len(v); size > maxValueBytes || len(values) == maxValues || utf8.RuneCountInString(v) > maxValue {
					return nil, false
				}
				values = append(values, v)
			}
		}
	}
	return values, len(values) > 0
}

// codes are the codes of an area in a system; rooms.AreaDesc is its description.
func (a Area) codes(system string) (list []string) {
	if system == rooms.AreaDesc {
		return []string{a.Desc}
	}
	for _, g := range a.Geocodes {
		if g.Name == system && g.Value != "" {
			list = append(list, g.Value)
		}
	}
	return list
}
