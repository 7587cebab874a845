package cap

import (
	"fmt"
	"strings"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// signed stands in the tree for a signature.
const signed = "Signature"

// part is an element that may stand in another.
type part struct {
	name    string
	needed  bool
	many    bool
	complex []part // what stands in it; nil: text
}

// The elements of an alert in their order (§3.4).
func alertParts() []part {
	return []part{
		{name: "identifier", needed: true}, {name: "sender", needed: true}, {name: "sent", needed: true},
		{name: "status", needed: true}, {name: "msgType", needed: true}, {name: "source"}, {name: "scope", needed: true},
		{name: "restriction"}, {name: "addresses"}, {name: "code", many: true}, {name: "note"}, {name: "references"},
		{name: "incidents"}, {name: "info", many: true, complex: infoParts()}, {name: signed, many: true, complex: []part{}},
	}
}

func infoParts() []part {
	return []part{
		{name: "language"}, {name: "category", needed: true, many: true}, {name: "event", needed: true},
		{name: "responseType", many: true}, {name: "urgency", needed: true}, {name: "severity", needed: true},
		{name: "certainty", needed: true}, {name: "audience"}, {name: "eventCode", many: true, complex: pairParts()},
		{name: "effective"}, {name: "onset"}, {name: "expires"}, {name: "senderName"}, {name: "headline"},
		{name: "description"}, {name: "instruction"}, {name: "web"}, {name: "contact"},
		{name: "parameter", many: true, complex: pairParts()}, {name: "resource", many: true, complex: resourceParts()},
		{name: "area", many: true, complex: areaParts()},
	}
}

func resourceParts() []part {
	return []part{
		{name: "resourceDesc", needed: true}, {name: "mimeType", needed: true}, {name: "size"}, {name: "uri"},
		{name: "derefUri"}, {name: "digest"},
	}
}

func areaParts() []part {
	return []part{
		{name: "areaDesc", needed: true}, {name: "polygon", many: true}, {name: "circle", many: true},
		{name: "geocode", many: true, complex: pairParts()}, {name: "altitude"}, {name: "ceiling"},
	}
}

func pairParts() []part {
	return []part{{name: "valueName", needed: true}, {name: "value", needed: true}}
}

// maxFaults is how many are told at once.
const maxFaults = 20

// inspector collects what is wrong with an alert.
type inspector struct{ faults []rooms.Fault }

func (i *inspector) fault(at string, code v1.FaultCode, detail string) {
	if len(i.faults) < maxFaults {
		i.faults = append(i.faults, rooms.Fault{Pointer: at, Code: string(code), Detail: detail})
	}
}

// shape holds what stands in an element against the parts that it may have: their order, number and form.
func (i *inspector) shape(e *element, parts []part, at string) {
	if strings.TrimSpace(e.text) != "" {
		i.fault(at, v1.FaultCodeWrongType, "elements are expected here, and no text")
	}
	seen, last := map[string]int{}, 0
	for _, c := range e.children {
		n := position(parts, c.name)
		if n < 0 {
			i.fault(at, v1.FaultCodeUnknownMember, "it holds an element that CAP 1.2 does not have here")
			continue
		}
		p, here := parts[n], at+"/"+c.name
		if p.many {
			here = fmt.Sprintf("%s/%d", here, seen[c.name])
		}
		switch {
		case seen[c.name] > 0 && !p.many:
			i.fault(here, v1.FaultCodeDuplicateMember, "this element stands here twice")
		case n < last:
			i.fault(here, v1.FaultCodeInvalidValue, "CAP 1.2 has this element before the one that precedes it")
		}
		last = max(last, n)
		seen[c.name]++
		i.form(c, p, here)
	}
	for _, p := range parts {
		if p.needed && seen[p.name] == 0 {
			i.fault(at+"/"+p.name, v1.FaultCodeMissing, "this element is needed")
		}
	}
}

func (i *inspector) form(e *element, p part, at string) {
	switch {
	case p.name == signed:
	case p.complex != nil:
		i.shape(e, p.complex, at)
	case len(e.children) > 0:
		i.fault(at, v1.FaultCodeWrongType, "text is expected here, and no elements")
	case p.needed && strings.TrimSpace(e.text) == "":
		i.fault(at, v1.FaultCodeMissing, "it is empty")
	}
}

func position(parts []part, name string) int {
	for n, p := range parts {
		if p.name == name {
			return n
		}
	}
	return -1
}

// first is the text of a child; "" if there is none.
func (e *element) first(name string) string {
	for _, c := range e.children {
		if c.name == name {
			return c.text
		}
	}
	return ""
}

// has says whether there is a child.
func (e *element) has(name string) bool {
	for _, c := range e.children {
		if c.name == name {
			return true
		}
	}
	return false
}

// all are the children of a name.
func (e *element) all(name string) (list []*element) {
	for _, c := range e.children {
		if c.name == name {
			list = append(list, c)
		}
	}
	return list
}
