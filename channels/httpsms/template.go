package httpsms

import (
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

// values are what templates have.
type values map[string]string

// valueNames are all that there are.
func valueNames() []string {
	return []string{"account", "secret", "to", "toDigits", "from", "fromDigits", "text", "id", "attempt", "validity", "validitySeconds",
		"encoding", "segments", "receiptURL", "inboundURL"}
}

// numberNames are those that are numbers.
func numberNames() []string {
	return []string{"toDigits", "attempt", "validity", "validitySeconds", "segments"}
}

// headerNames are those that cannot hold what somebody has written.
func headerNames() []string {
	return slices.DeleteFunc(valueNames(), func(name string) bool { return name == "text" })
}

const maxPart = 64 << 10 // bytes that a template makes

var (
	errPart   = errors.New("httpsms: a part of the request is too long")
	errRender = errors.New("httpsms: a template could not be filled in")
)

// part is a template that has been looked at.
type part struct{ t *template.Template }

// newPart reads a template that may name some values. With escape each action goes through it.
func newPart(text string, names []string, escape func(string) string) (part, error) {
	functions := template.FuncMap{}
	if escape != nil {
		functions["escape"] = escape
	}
	t, err := template.New("").Option("missingkey=error").Funcs(functions).Parse(text)
	if err != nil {
		return part{}, errors.New("not a template: {{.value}}, {{if}}, {{else}}, {{end}}")
	}
	if t.Tree == nil || t.Root == nil {
		return part{t}, nil
	}
	if err := allowed(t.Root, names); err != nil {
		return part{}, err
	}
	if escape != nil {
		escapeActions(t.Root)
	}
	return part{t}, tried(part{t})
}

// tried says whether a template can be filled in, with values and without.
func tried(p part) error {
	for _, sample := range []string{"1", ""} {
		v := values{}
		for _, name := range valueNames() {
			v[name] = sample
		}
		if _, err := p.render(v); err != nil {
			return errors.New("cannot be filled in: values are texts, and are compared with texts")
		}
	}
	return nil
}

// render fills a template in.
func (p part) render(v values) (string, error) {
	var b capped
	if err := p.t.Execute(&b, v); errors.Is(err, errPart) {
		return "", errPart
	} else if err != nil {
		return "", errRender
	}
	return b.String(), nil
}

// capped is a buffer that takes so much.
type capped struct{ strings.Builder }

func (c *capped) Write(b []byte) (int, error) {
	if c.Len()+len(b) > maxPart {
		return 0, errPart
	}
	return c.Builder.Write(b)
}

// allowed looks at what a template does: texts, values and conditions, nothing that repeats, calls or keeps anything.
func allowed(n parse.Node, names []string) error {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		for _, one := range n.Nodes {
			if err := allowed(one, names); err != nil {
				return err
			}
		}
	case *parse.TextNode, *parse.CommentNode, *parse.StringNode, *parse.NumberNode, *parse.BoolNode:
	case *parse.ActionNode:
		return allowed(n.Pipe, names)
	case *parse.IfNode:
		return errors.Join(allowed(n.Pipe, names), allowed(n.List, names), allowed(n.ElseList, names))
	case *parse.PipeNode:
		if len(n.Decl) > 0 {
			return errors.New("a template has no variables here")
		}
		for _, c := range n.Cmds {
			if err := allowed(c, names); err != nil {
				return err
			}
		}
	case *parse.CommandNode:
		for _, a := range n.Args {
			if err := allowed(a, names); err != nil {
				return err
			}
		}
	case *parse.FieldNode:
		if name := strings.Join(n.Ident, "."); !slices.Contains(names, name) {
			return fmt.Errorf("there is no value .%s here; there are %s", name, strings.Join(names, ", "))
		}
	case *parse.IdentifierNode:
		if !slices.Contains([]string{"eq", "ne", "and", "or", "not"}, n.Ident) {
			return fmt.Errorf("%s is not to be had in a template here", n.Ident)
		}
	default:
		return errors.New("a template has values and conditions here, and nothing else")
	}
	return nil
}

// escapeActions has what is written go through escape; what only decides is left alone.
func escapeActions(n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, one := range n.Nodes {
			escapeActions(one)
		}
	case *parse.IfNode:
		escapeActions(n.List)
		escapeActions(n.ElseList)
	case *parse.ActionNode:
		escape := parse.NewIdentifier("escape").SetPos(n.Pos)
		n.Pipe.Cmds = append(n.Pipe.Cmds, &parse.CommandNode{NodeType: parse.NodeCommand, Pos: n.Pos, Args: []parse.Node{escape}})
	}
}

// escapeXML is good for texts, and for attributes in quotes.
func escapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}
