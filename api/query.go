package api

import (
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
)

// strict has a route refuse parameters of the query that the document does not know of it: what is misspelt would else count as
// not asked for. Who reads what a room shows to everybody, without a token, is not refused, since others add to such a URL.
func (s *Server) strict(r route) handler {
	handle := r.handle
	return func(c *call) (answer, error) {
		if c.r.URL.RawQuery != "" && c.client != "" {
			if err := s.checkQuery(r, c.r.URL.RawQuery); err != nil {
				return answer{}, err
			}
		}
		return handle(c)
	}
}

func (s *Server) checkQuery(r route, query string) error {
	known, err := s.queries()
	if err != nil {
		return problem.Because(v1.ProblemCodeInternal, err)
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return problem.Parameter("query", v1.FaultCodeInvalidValue, "the query cannot be read")
	}
	names := known[r.method+" "+r.path]
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if slices.Contains(names, name) {
			continue
		}
		if len(names) == 0 {
			return problem.Parameter(shortName(name), v1.FaultCodeUnknownMember, "this call has no parameters in its query")
		}
		return problem.Parameter(shortName(name), v1.FaultCodeUnknownMember, "the query of this call may have "+strings.Join(names, ", "))
	}
	return nil
}

// shortName is a name as it is told to who sent it.
func shortName(name string) string {
	const most = 64
	name = strings.ToValidUTF8(name, "")
	if r := []rune(name); len(r) > most {
		return string(r[:most])
	}
	return name
}

// documentedQueries gives the names of the parameters in the queries of each operation of a document, by its method and path.
func documentedQueries(document []byte) (map[string][]string, error) {
	type parameter struct {
		Name, In string
		Ref      string `yaml:"$ref"`
	}
	var d struct {
		Paths      map[string]map[string]yaml.Node
		Components struct{ Parameters map[string]parameter }
	}
	if err := yaml.Unmarshal(document, &d); err != nil {
		return nil, err
	}
	queries := map[string][]string{}
	for at, item := range d.Paths {
		var shared []parameter
		if node, there := item["parameters"]; there {
			if err := node.Decode(&shared); err != nil {
				return nil, err
			}
		}
		for method, node := range item {
			var o struct{ Parameters []parameter }
			if method == "parameters" {
				continue
			}
			if err := node.Decode(&o); err != nil {
				return nil, err
			}
			for _, p := range append(o.Parameters, shared...) {
				if p.Ref != "" {
					p = d.Components.Parameters[path.Base(p.Ref)]
				}
				if p.In == "query" {
					queries[strings.ToUpper(method)+" "+at] = append(queries[strings.ToUpper(method)+" "+at], p.Name)
				}
			}
		}
	}
	return queries, nil
}
