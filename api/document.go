package api

import (
	"bytes"
	_ "embed" // for the document and its page
	"html/template"
	"net/http"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
)

//go:embed openapi.yaml
var openapi []byte

//go:embed docs.html.tmpl
var docsPage string

// document is openapi.yaml as it was built in.
func (s *Server) document(*call) (answer, error) {
	return answer{status: http.StatusOK, kind: "application/yaml", body: openapi}, nil
}

// notFound is what stands at no path; at the root a browser is sent to what there is to read.
func notFound(c *call) (answer, error) {
	asked := c.r.Method == http.MethodGet || c.r.Method == http.MethodHead
	if c.r.URL.Path != "/" || !asked || !strings.Contains(c.r.Header.Get("Accept"), "text/html") {
		return answer{}, problem.Of(v1.ProblemCodeNotFound)
	}
	c.w.Header().Set("Location", "/docs")
	return answer{status: http.StatusSeeOther}, nil
}

// documentation is the same as a page to read. It loads nothing and runs nothing.
func (s *Server) documentation(c *call) (answer, error) {
	page, err := s.page()
	return documentPage(c, page, err)
}

func documentPage(c *call, page []byte, err error) (answer, error) {
	c.w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	return answer{status: http.StatusOK, kind: "text/html; charset=utf-8", body: page}, err
}

// documentInfo is as much of the document as the page shows.
type documentInfo struct {
	Info struct {
		Title, Description string
	}
	Paths      map[string]map[string]yaml.Node
	Components struct {
		Schemas map[string]yaml.Node
	}

	Path       string      `yaml:"-"`
	All        []pageLink  `yaml:"-"`
	Operations []operation `yaml:"-"`
	Schemas    []schema    `yaml:"-"`
}

type operation struct {
	Method, Path         string
	Summary, Description string
	Responses            map[string]struct {
		Description string
		Ref         string `yaml:"$ref"`
	}
}

type schema struct{ Name, Text string }

// pageLink is where a document is to be read.
type pageLink struct{ Title, Path string }

// pages are those of all documents.
func (s *Server) pages() []pageLink {
	return []pageLink{
		{"crier's own API", "/docs"}, {"GovStack's e-mail API", s.options.GovstackEmail.Prefix + "/docs"},
		{"GovStack's Information Mediator, Pub/Sub", mediatorPagePath},
	}
}

// renderDocumentation makes the page of a document that stands at a path.
func (s *Server) renderDocumentation(document []byte, path string) ([]byte, error) {
	d := documentInfo{Path: path, All: s.pages()}
	if err := yaml.Unmarshal(document, &d); err != nil {
		return nil, err
	}
	if err := d.arrange(); err != nil {
		return nil, err
	}
	t, err := template.New("docs").Funcs(template.FuncMap{"last": lastSegment}).Parse(docsPage)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, d)
	return b.Bytes(), err
}

// arrange sorts operations by path and method, and schemas by name.
func (d *documentInfo) arrange() error {
	for path, item := range d.Paths {
		for method, node := range item {
			if method == "parameters" {
				continue
			}
			o := operation{Method: strings.ToUpper(method), Path: path}
			if err := node.Decode(&o); err != nil {
				return err
			}
			d.Operations = append(d.Operations, o)
		}
	}
	slices.SortFunc(d.Operations, func(a, b operation) int {
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	for name, node := range d.Components.Schemas {
		text, err := yaml.Marshal(&node)
		if err != nil {
			return err
		}
		d.Schemas = append(d.Schemas, schema{name, string(text)})
	}
	slices.SortFunc(d.Schemas, func(a, b schema) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

func lastSegment(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }
