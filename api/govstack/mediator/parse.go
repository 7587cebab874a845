package mediator

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish/rules"
)

const (
	maxDepth = 64
	maxTTL   = 30 * 24 * 3600
)

// What is asked for where it is not said.
const (
	defaultTTL      = 3600
	defaultDelivery = Push
)

// The ways of delivery.
const (
	Push = "PUSH"
	Pull = "PULL"
)

func fault(pointer string, code v1.FaultCode, detail string) error {
	return problem.Faults(v1.ProblemCodeInvalidRequest, rooms.Fault{Pointer: pointer, Code: string(code), Detail: detail})
}

// members reads a body that is one object. What nobody here knows is passed over: other editions of the interface have it.
// Options are an exception, see Wanted.options.
func members(body []byte) (map[string]jsontext.Value, error) {
	if err := shallow(body); err != nil {
		return nil, err
	}
	if jsontext.Value(body).Kind() != '{' {
		return nil, fault("", v1.FaultCodeWrongType, "an object is expected here")
	}
	var all map[string]jsontext.Value
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, notJSON(err)
	}
	return all, nil
}

// shallow refuses what is nested deeper than anybody needs, or no JSON in UTF-8.
func shallow(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return problem.Faults(v1.ProblemCodeInvalidJSON, rooms.Fault{Code: string(v1.FaultCodeEmptyBody), Detail: "no body"})
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(body))
	for {
		_, err := d.ReadToken()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return notJSON(err)
		case d.StackDepth() > maxDepth:
			return problem.Faults(v1.ProblemCodeInvalidJSON, rooms.Fault{Code: string(v1.FaultCodeTooDeep), Detail: "nested too deeply"})
		}
	}
}

func notJSON(err error) error {
	code, detail := v1.FaultCodeSyntax, "not JSON in UTF-8"
	if errors.Is(err, jsontext.ErrDuplicateName) {
		code, detail = v1.FaultCodeDuplicateMember, "a member stands here twice"
	}
	return problem.Faults(v1.ProblemCodeInvalidJSON, rooms.Fault{Code: string(code), Detail: detail})
}

// text reads a member that is a string; "" if it is not there.
func text(all map[string]jsontext.Value, name, at string) (string, error) {
	v, ok := all[name]
	if !ok {
		return "", nil
	}
	if v.Kind() != '"' {
		return "", fault(at, v1.FaultCodeWrongType, "a string is expected here")
	}
	var s string
	if err := json.Unmarshal(v, &s); err != nil {
		return "", notJSON(err)
	}
	return s, nil
}

// named reads the event type of a body. In the path there is one, with which it agrees.
func named(all map[string]jsontext.Value, path string) error {
	s, err := text(all, "eventType", "/eventType")
	switch {
	case err != nil:
		return err
	case s == "":
		return fault("/eventType", v1.FaultCodeMissing, "this member is needed")
	case s != path:
		return fault("/eventType", v1.FaultCodeInvalidValue, "not the event type of the path")
	}
	return nil
}

// ParseEventType reads an event type: {"eventType":"newBirth","schema":{…}}. The schema may come as a string that holds it.
func ParseEventType(body []byte) (rooms.EventType, error) {
	all, err := members(body)
	if err != nil {
		return rooms.EventType{}, err
	}
	name, err := text(all, "eventType", "/eventType")
	if err != nil {
		return rooms.EventType{}, err
	}
	if name == "" {
		return rooms.EventType{}, fault("/eventType", v1.FaultCodeMissing, "this member is needed")
	}
	if _, err := rooms.ParseEventType(name); err != nil {
		return rooms.EventType{}, fault("/eventType", v1.FaultCodeInvalidName, err.Error())
	}
	schema, err := schemaOf(all)
	return rooms.EventType{Name: name, Schema: schema}, err
}

func schemaOf(all map[string]jsontext.Value) ([]byte, error) {
	raw, ok := all["schema"]
	if !ok {
		return nil, fault("/schema", v1.FaultCodeMissing, "this member is needed")
	}
	if raw.Kind() == '"' {
		inside, err := text(all, "schema", "/schema")
		if err != nil {
			return nil, err
		}
		if shallow([]byte(inside)) != nil {
			return nil, fault("/schema", v1.FaultCodeInvalidValue, "not JSON")
		}
		raw = jsontext.Value(inside)
	}
	if raw.Kind() != '{' {
		return nil, fault("/schema", v1.FaultCodeWrongType, "an object is expected here")
	}
	var bad *rules.BadSchema
	if _, err := rules.CompileEventSchema(raw); errors.As(err, &bad) {
		return nil, fault("/schema"+bad.Pointer, v1.FaultCodeInvalidValue, bad.Detail)
	} else if err != nil {
		return nil, err
	}
	return raw, nil
}

// ParseEvent reads what is published: {"eventType":"newBirth","event":{…}}.
func ParseEvent(body []byte, eventType string) (event jsontext.Value, err error) {
	all, err := members(body)
	if err != nil {
		return nil, err
	}
	if err := named(all, eventType); err != nil {
		return nil, err
	}
	event, ok := all["event"]
	switch {
	case !ok:
		return nil, fault("/event", v1.FaultCodeMissing, "this member is needed")
	case event.Kind() != '{':
		return nil, fault("/event", v1.FaultCodeWrongType, "an object is expected here")
	}
	return event, nil
}

// Wanted is a subscription as it is asked for, or what of it is to change.
type Wanted struct {
	Delivery string // "" if not said
	TTL      int    // seconds; 0 if not said
	FIFO     *bool  // nil if not said
}

// ParseSubscription reads a subscription: {"eventType":"newBirth","delivery":"PULL","options":{"TTL":3600,"FIFO":true}}.
func ParseSubscription(body []byte, eventType string) (w Wanted, err error) {
	all, err := members(body)
	if err != nil {
		return w, err
	}
	if err := named(all, eventType); err != nil {
		return w, err
	}
	if w.Delivery, err = text(all, "delivery", "/delivery"); err != nil {
		return w, err
	}
	if _, given := all["delivery"]; given && w.Delivery != Push && w.Delivery != Pull {
		return w, fault("/delivery", v1.FaultCodeInvalidValue, "PUSH or PULL")
	}
	raw, given := all["options"]
	if !given {
		return w, nil
	}
	if raw.Kind() != '{' {
		return w, fault("/options", v1.FaultCodeWrongType, "an object is expected here")
	}
	options, err := members(raw)
	if err != nil {
		return w, err
	}
	return w, w.options(options)
}

// options reads them. An option that is not known here would not be kept to: it is refused.
func (w *Wanted) options(all map[string]jsontext.Value) error {
	for name := range all {
		if name != "TTL" && name != "FIFO" {
			return fault("/options", v1.FaultCodeUnknownMember, "an option is not known here; there are TTL and FIFO")
		}
	}
	if v, ok := all["TTL"]; ok {
		n, err := strconv.Atoi(string(v))
		switch {
		case v.Kind() != '0':
			return fault("/options/TTL", v1.FaultCodeWrongType, "a number is expected here")
		case err != nil || n < 1 || n > maxTTL:
			return fault("/options/TTL", v1.FaultCodeInvalidValue, "whole seconds, from 1 to "+strconv.Itoa(maxTTL))
		}
		w.TTL = n
	}
	if v, ok := all["FIFO"]; ok {
		if v.Kind() != 't' && v.Kind() != 'f' {
			return fault("/options/FIFO", v1.FaultCodeWrongType, "true or false is expected here")
		}
		fifo := v.Kind() == 't'
		w.FIFO = &fifo
	}
	return nil
}
