package mediator

import (
	_ "embed" // for the document
	"maps"
	"strings"

	"github.com/go-json-experiment/json"
	"go.yaml.in/yaml/v3"

	"github.com/govcrier/crier/rooms"
)

//go:embed openapi.yaml
var document []byte

// Document describes the whole interface (OpenAPI 3.0.3).
func Document() []byte { return document }

// node is a part of the document.
type node = map[string]any

// describeService is the document as far as it is about one service of the room of the path.
func (f *Facade) describeService(c *Call, name string) ([]byte, error) {
	return f.describe(c, name, func(o Operation) (Operation, bool) { return o, o.Service == name }, nil)
}

// describeType is the document as far as it is about one event type, with its schema, and the policy that events go by.
func (f *Facade) describeType(c *Call, t rooms.EventType) ([]byte, error) {
	var schema any
	if err := json.Unmarshal(t.Schema, &schema); err != nil {
		return nil, err
	}
	return f.describe(c, t.Name, func(o Operation) (Operation, bool) {
		o.Path = strings.Replace(o.Path, "{eventType}", t.Name, 1)
		return o, o.Service != serviceAdmin
	}, schema)
}

func (f *Facade) describe(c *Call, name string, take func(Operation) (Operation, bool), schema any) ([]byte, error) {
	f.parse.Do(func() { f.fault = yaml.Unmarshal(document, &f.parsed) })
	if f.fault != nil {
		return nil, f.fault
	}
	doc := f.parsed
	info, all, paths := maps.Clone(doc["info"].(node)), doc["paths"].(node), node{}
	info["title"] = name + " of " + c.At.String()
	if c.Policy.Name != "" {
		info["x-crier-policy"] = node{"name": c.Policy.Name, "revision": c.Policy.Revision.Revision, "expiry": c.Policy.Expiry.String(), "attempts": len(c.Policy.Retry) + 1}
	}
	for _, o := range Operations() {
		named, ok := take(o)
		if !ok {
			continue
		}
		path, _ := all[general+o.Suffix()].(node)
		at := "/r1/" + c.At.String() + named.Suffix()
		if paths[at] == nil {
			paths[at] = node{}
			if rest := c.parameters(path["parameters"], named.Suffix()); len(rest) > 0 {
				paths[at].(node)["parameters"] = rest
			}
		}
		method := strings.ToLower(o.Method)
		paths[at].(node)[method] = path[method]
	}
	out := ordered{doc["openapi"], info, doc["servers"], doc["tags"], doc["security"], paths, doc["components"]}
	if schema != nil {
		out.OpenAPI = "3.1.0" // whose schemas are JSON Schema
		components := maps.Clone(doc["components"].(node))
		schemas := maps.Clone(components["schemas"].(node))
		schemas["Event"], components["schemas"] = schema, schemas
		out.Components = components
	}
	return yaml.Marshal(out)
}

// ordered is a document with its parts where people look for them.
type ordered struct {
	OpenAPI    any  `yaml:"openapi"`
	Info       node `yaml:"info"`
	Servers    any  `yaml:"servers"`
	Tags       any  `yaml:"tags"`
	Security   any  `yaml:"security"`
	Paths      node `yaml:"paths"`
	Components any  `yaml:"components"`
}

// general is the room of any member, as the document has it.
const general = "/r1/{instanceId}/{memberClass}/{memberCode}/{applicationCode}"

// parameters are those that are still open in a path, and the header.
func (c *Call) parameters(all any, suffix string) (rest []any) {
	list, _ := all.([]any)
	for _, p := range list {
		ref, _ := p.(node)["$ref"].(string)
		name := ref[strings.LastIndexByte(ref, '/')+1:]
		if name == "client" || strings.Contains(suffix, "{"+name+"}") {
			rest = append(rest, p)
		}
	}
	return rest
}
