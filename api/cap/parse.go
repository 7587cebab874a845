package cap

import (
	"fmt"
	"slices"
	"strings"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// defaultLanguage is that of an info that says none (§3.2.2).
const defaultLanguage = "en-US"

// Parse reads an alert; it lists what is wrong if there is anything. The alert keeps the body. How many elements there may
// be, the caller says; so it has bounded the size.
func Parse(body []byte, elements int) (Alert, []rooms.Fault) {
	root, err := readTree(body, elements)
	if m, ok := err.(*misread); ok {
		return Alert{}, []rooms.Fault{m.fault()}
	}
	if err != nil {
		return Alert{}, []rooms.Fault{{Code: string(v1.FaultCodeSyntax), Detail: "not well-formed XML"}}
	}
	var i inspector
	i.shape(root, alertParts(), "/alert")
	if len(i.faults) > 0 {
		return Alert{}, i.faults
	}
	a := i.alert(root)
	if len(i.faults) > 0 {
		return Alert{}, i.faults
	}
	a.raw = body
	return a, nil
}

// alert reads the values of an alert of the right shape.
func (i *inspector) alert(e *element) Alert {
	const at = "/alert"
	a := Alert{Source: tidy(e.first("source")), Restriction: tidy(e.first("restriction")), Note: tidy(e.first("note")), Signed: e.signed}
	a.Identifier, a.Sender = e.first("identifier"), e.first("sender")
	i.check(e, "identifier", at, checkName)
	i.check(e, "sender", at, checkName)
	a.Sent = i.time(e, "sent", at)
	a.Status, a.MsgType, a.Scope = i.code(e, "status", at), i.code(e, "msgType", at), i.code(e, "scope", at)
	i.check(e, "references", at, func(s string) (err error) {
		a.References, err = parseReferences(s)
		return err
	})
	i.need(e, "restriction", at, a.Scope == "Restricted", "a restricted alert says to whom")
	i.need(e, "addresses", at, a.Scope == "Private", "a private alert says to whom")
	i.need(e, "references", at, a.MsgType != "Alert" && a.MsgType != "", "it says of which alerts it speaks")
	for n, c := range e.all("info") {
		a.Info = append(a.Info, i.info(c, fmt.Sprintf("%s/info/%d", at, n)))
	}
	return a
}

func (i *inspector) info(e *element, at string) Info {
	info := Info{
		Language: tidy(e.first("language")), Event: line(e.first("event")), SenderName: line(e.first("senderName")), Headline: line(e.first("headline")),
		Description: tidy(e.first("description")), Instruction: tidy(e.first("instruction")), Web: line(e.first("web")), Contact: tidy(e.first("contact")),
	}
	if info.Language == "" {
		info.Language = defaultLanguage
	}
	if !languageTag(info.Language) {
		i.fault(at+"/language", v1.FaultCodeInvalidValue, "a language tag such as en-US")
	}
	info.Categories = i.codes(e, "category", at)
	i.codes(e, "responseType", at)
	info.Urgency, info.Severity, info.Certainty = i.code(e, "urgency", at), i.code(e, "severity", at), i.code(e, "certainty", at)
	info.Effective, info.Onset, info.Expires = i.time(e, "effective", at), i.time(e, "onset", at), i.time(e, "expires", at)
	i.check(e, "web", at, checkWeb)
	for n, c := range e.all("resource") {
		i.resource(c, fmt.Sprintf("%s/resource/%d", at, n))
	}
	for n, c := range e.all("area") {
		info.Areas = append(info.Areas, i.area(c, fmt.Sprintf("%s/area/%d", at, n)))
	}
	return info
}

func (i *inspector) resource(e *element, at string) {
	i.check(e, "mimeType", at, checkMIME)
	i.check(e, "size", at, checkSize)
	i.check(e, "uri", at, checkURI)
	i.check(e, "derefUri", at, checkBase64)
	i.check(e, "digest", at, checkDigest)
}

func (i *inspector) area(e *element, at string) Area {
	a := Area{Desc: line(e.first("areaDesc"))}
	i.each(e, "polygon", at, checkPolygon)
	i.each(e, "circle", at, checkCircle)
	i.check(e, "altitude", at, checkDecimal)
	i.check(e, "ceiling", at, checkDecimal)
	i.need(e, "altitude", at, e.has("ceiling"), "a ceiling stands beside an altitude")
	for _, c := range e.all("geocode") {
		a.Geocodes = append(a.Geocodes, Geocode{tidy(c.first("valueName")), tidy(c.first("value"))})
	}
	return a
}

// need refuses an element that is not there though another one asks for it.
func (i *inspector) need(e *element, name, at string, needed bool, why string) {
	if needed && strings.TrimSpace(e.first(name)) == "" {
		i.fault(at+"/"+name, v1.FaultCodeMissing, why)
	}
}

// check holds the text of a child, if there is one, against a rule.
func (i *inspector) check(e *element, name, at string, rule func(string) error) {
	if !e.has(name) {
		return
	}
	if err := rule(e.first(name)); err != nil {
		i.fault(at+"/"+name, v1.FaultCodeInvalidValue, err.Error())
	}
}

func (i *inspector) each(e *element, name, at string, rule func(string) error) {
	for n, c := range e.all(name) {
		if err := rule(c.text); err != nil {
			i.fault(fmt.Sprintf("%s/%s/%d", at, name, n), v1.FaultCodeInvalidValue, err.Error())
		}
	}
}

func (i *inspector) time(e *element, name, at string) (t time.Time) {
	if !e.has(name) {
		return t
	}
	t, err := parseTime(e.first(name))
	if err != nil {
		i.fault(at+"/"+name, v1.FaultCodeInvalidTime, err.Error())
	}
	return t
}

// code reads a value of which there is a list. It is exact: white space and case count.
func (i *inspector) code(e *element, name, at string) string {
	value := e.first(name)
	if list := codes()[name]; !slices.Contains(list, value) {
		i.fault(at+"/"+name, v1.FaultCodeInvalidValue, "one of "+strings.Join(list, ", "))
	}
	return value
}

func (i *inspector) codes(e *element, name, at string) (all []string) {
	list := codes()[name]
	for n, c := range e.all(name) {
		if !slices.Contains(list, c.text) {
			i.fault(fmt.Sprintf("%s/%s/%d", at, name, n), v1.FaultCodeInvalidValue, "one of "+strings.Join(list, ", "))
		}
		all = append(all, c.text)
	}
	return all
}
