package rules

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/govcrier/crier/rooms"
)

// MaxSchema is the most bytes of a schema.
const MaxSchema = 32 << 10

const (
	draft      = "https://json-schema.org/draft/2020-12/schema"
	draft7     = "http://json-schema.org/draft-07/schema"
	root       = "urn:crier:schema"
	maxProgram = 1_000 // instructions of a compiled pattern
	maxFaults  = 20
	maxPointer = 256 // bytes

	notASchema = "not JSON Schema 2020-12"
)

// BadSchema says why a schema is not taken.
type BadSchema struct {
	Pointer string // where in the schema (RFC 6901)
	Detail  string
}

func (b *BadSchema) Error() string { return "rules: schema: " + b.Detail }

// Schema is a JSON Schema 2020-12 that a content can be compared with. It may be used by many at once.
type Schema struct{ root *jsonschema.Schema }

// CompileSchema reads a schema, or says why it is none: a *BadSchema. Nothing is loaded from elsewhere, and what could
// take long is refused: references in a circle, branches without number, and large patterns.
func CompileSchema(raw []byte) (*Schema, error) { return compile(raw, draft) }

// CompileEventSchema is the same for event types, whose schemas may be of draft-07 too if they say so.
func CompileEventSchema(raw []byte) (*Schema, error) { return compile(raw, draft, draft7, draft7+"#") }

func compile(raw []byte, drafts ...string) (*Schema, error) {
	if len(raw) > MaxSchema {
		return nil, &BadSchema{Detail: fmt.Sprintf("at most %d bytes", MaxSchema)}
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, &BadSchema{Detail: "not JSON"}
	}
	if object, ok := doc.(map[string]any); ok {
		named, there := object["$schema"]
		if text, _ := named.(string); there && !slices.Contains(drafts, text) {
			return nil, &BadSchema{"/$schema", strings.Join(drafts, ", ") + ", or nothing"}
		}
		if _, there := object["$id"]; there {
			return nil, &BadSchema{"/$id", "a schema has no name of its own here"}
		}
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(nowhere{})
	c.UseRegexpEngine(smallPattern)
	if err := c.AddResource(root, doc); err != nil {
		return nil, badSchema(err)
	}
	s, err := c.Compile(root)
	if err != nil {
		return nil, badSchema(err)
	}
	return &Schema{s}, weigh(s)
}

// nowhere loads nothing.
type nowhere struct{}

var errElsewhere = errors.New("rules: nothing is loaded from elsewhere")

func (nowhere) Load(string) (any, error) { return nil, errElsewhere }

var errPattern = errors.New("rules: a pattern is too large")

// smallPattern compiles a regular expression (RE2) that is not too large to be tried on long texts.
func smallPattern(s string) (jsonschema.Regexp, error) {
	parsed, err := syntax.Parse(s, syntax.Perl)
	if err != nil {
		return nil, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, err
	}
	if len(program.Inst) > maxProgram {
		return nil, errPattern
	}
	return regexp.Compile(s)
}

func badSchema(err error) error {
	var elsewhere *jsonschema.LoadURLError
	var against *jsonschema.SchemaValidationError
	var invalid *jsonschema.ValidationError
	switch {
	case errors.As(err, &elsewhere):
		return &BadSchema{Detail: "$ref leads elsewhere; what a schema needs stands in itself"}
	case errors.As(err, &against) && errors.As(against.Err, &invalid):
		cause := leaf(invalid)
		detail := notASchema
		if _, pattern := cause.ErrorKind.(*kind.Format); pattern {
			detail = "a pattern (RE2) that cannot be read, or is too large"
		}
		return &BadSchema{pointer(cause.InstanceLocation), detail}
	}
	return &BadSchema{Detail: notASchema}
}

// leaf is the first innermost cause.
func leaf(e *jsonschema.ValidationError) *jsonschema.ValidationError {
	for len(e.Causes) > 0 {
		e = e.Causes[0]
	}
	return e
}

func pointer(tokens []string) string {
	var p jsontext.Pointer
	for _, token := range tokens {
		if next := p.AppendToken(token); len(next) <= maxPointer {
			p = next
			continue
		}
		break
	}
	return string(p)
}

// Faults says in what a content is not as the schema says; pointers are below at.
func (s *Schema) Faults(at string, content []byte) []rooms.Fault {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	if err != nil {
		return []rooms.Fault{{Pointer: at, Code: codeInvalid, Detail: "not JSON"}}
	}
	err = s.root.Validate(value)
	if err == nil {
		return nil
	}
	var all []rooms.Fault
	var collect func(e *jsonschema.ValidationError)
	collect = func(e *jsonschema.ValidationError) {
		for _, cause := range e.Causes {
			collect(cause)
		}
		if len(e.Causes) == 0 && len(all) < maxFaults {
			all = append(all, rooms.Fault{Pointer: at + pointer(e.InstanceLocation), Code: codeInvalid, Detail: said(e)})
		}
	}
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		collect(invalid)
	}
	slices.SortStableFunc(all, func(a, b rooms.Fault) int { return strings.Compare(a.Pointer, b.Pointer) })
	if len(all) == 0 {
		all = []rooms.Fault{{Pointer: at, Code: codeInvalid, Detail: "not as the schema says"}}
	}
	return all
}

// said names the keyword; what a schema or a content holds is not repeated.
func said(e *jsonschema.ValidationError) string {
	if path := e.ErrorKind.KeywordPath(); len(path) > 0 {
		return "not as the schema says: " + path[0]
	}
	return "not as the schema says"
}
