package httpsms

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// material is what has come: an answer, or a call. What is not there is nil.
type material struct {
	header http.Header
	query  url.Values
	form   url.Values
	raw    []byte
	json   jsontext.Value
}

// newMaterial reads a body by its content type; false if it is not what it says it is.
func newMaterial(header http.Header, query url.Values, body []byte) (m material, ok bool) {
	m = material{header: header, query: query, raw: body}
	kind, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	switch {
	case len(body) == 0:
	case kind == "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return m, false
		}
		m.form = form
	case kind == "application/json", strings.HasSuffix(kind, "+json"), kind == "" && jsontext.Value(body).IsValid():
		if !jsontext.Value(body).IsValid() {
			return m, false
		}
		m.json = body
	}
	return m, true
}

// place finds one thing in what has come; the zero one finds nothing.
type place struct {
	find func(m material) (string, bool)
}

func (p place) set() bool { return p.find != nil }

// in gives what stands there; false if nothing does.
func (p place) in(m material) (string, bool) {
	if p.find == nil {
		return "", false
	}
	return p.find(m)
}

const maxExpression = 1000

// newPlace reads where something stands.
func newPlace(text string) (place, error) {
	kind, rest, named := strings.Cut(text, ":")
	switch {
	case text == "":
		return place{}, nil
	case strings.HasPrefix(text, "/"):
		tokens, err := pointer(text)
		if err != nil {
			return place{}, err
		}
		return place{func(m material) (string, bool) { return scalar(walk(m.json, tokens)) }}, nil
	case !named || rest == "":
	case kind == "form": // a provider that may be told to use GET sends the same fields there
		return place{func(m material) (string, bool) {
			if m.form != nil {
				return field(m.form, rest)
			}
			return field(m.query, rest)
		}}, nil
	case kind == "query":
		return place{func(m material) (string, bool) { return field(m.query, rest) }}, nil
	case kind == "header":
		return place{func(m material) (string, bool) { s := m.header.Get(rest); return s, s != "" }}, nil
	case kind == "regexp":
		return expression(rest)
	}
	return place{}, errors.New("a place is a JSON pointer such as /messages/0/id, or form:NAME, query:NAME, header:NAME or regexp:EXPRESSION")
}

func field(f url.Values, name string) (string, bool) { s := f.Get(name); return s, s != "" }

// expression finds its first group, or all that it matches.
func expression(text string) (place, error) {
	e, err := regexp.Compile(text)
	if err != nil || len(text) > maxExpression {
		return place{}, errors.New("not a regular expression (RE2)")
	}
	return place{func(m material) (string, bool) {
		found := e.FindSubmatch(m.raw)
		if found == nil {
			return "", false
		}
		s := string(found[min(1, len(found)-1)])
		return s, s != ""
	}}, nil
}

// pointer takes a JSON pointer apart (RFC 6901).
func pointer(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	if text[0] != '/' || strings.Contains(strings.NewReplacer("~0", "", "~1", "").Replace(text), "~") {
		return nil, errors.New("not a JSON pointer (RFC 6901), such as /messages/0/id")
	}
	tokens := strings.Split(text[1:], "/")
	for i, t := range tokens {
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")
	}
	return tokens, nil
}

// walk follows a pointer; nil if it leads nowhere.
func walk(v jsontext.Value, tokens []string) jsontext.Value {
	for _, t := range tokens {
		switch {
		case len(v) == 0:
			return nil
		case v.Kind() == '{':
			var members map[string]jsontext.Value
			if json.Unmarshal(v, &members) != nil {
				return nil
			}
			v = members[t]
		case v.Kind() == '[':
			list := elements(v)
			i, err := strconv.ParseUint(t, 10, 16)
			if err != nil || i >= uint64(len(list)) || strconv.FormatUint(i, 10) != t {
				return nil
			}
			v = list[i]
		default:
			return nil
		}
	}
	return v
}

func elements(v jsontext.Value) (list []jsontext.Value) {
	if v.Kind() != '[' || json.Unmarshal(v, &list) != nil {
		return nil
	}
	return list
}

// scalar is a text, or a number, true or false as it is written.
func scalar(v jsontext.Value) (string, bool) {
	switch {
	case len(v) == 0:
		return "", false
	case v.Kind() == '"':
		var s string
		err := json.Unmarshal(v, &s)
		return s, err == nil && s != ""
	case v.Kind() == '0', v.Kind() == 't', v.Kind() == 'f':
		return string(v), true
	}
	return "", false
}
