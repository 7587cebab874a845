package templates

import (
	"bytes"
	"strings"

	"github.com/cbroglie/mustache"

	"github.com/govcrier/crier/rooms"
)

// maxResult is the most bytes of what is said to one person in one text.
const maxResult = 512 << 10

// missing names the values that a template asks of a person and that are not there, each once.
func missing(tags []tag, values map[string]string, found []string) []string {
	for _, t := range tags {
		_, there := values[t.name]
		switch {
		case t.kind == mustache.Variable && !there:
			found = appendNew(found, t.name)
		case t.kind == mustache.Section && there, t.kind == mustache.InvertedSection && !there:
			found = missing(t.inside, values, found)
		}
	}
	return found
}

func appendNew(list []string, s string) []string {
	for _, known := range list {
		if known == s {
			return list
		}
	}
	return append(list, s)
}

// render says a template to whom has these values; ErrTooLong.
func (t *template) render(values map[string]string) (rooms.Body, error) {
	if t == nil {
		return rooms.Body{}, nil
	}
	var out limited
	if err := t.parsed.FRender(&out, values); err != nil || out.over {
		return rooms.Body{}, ErrTooLong
	}
	return rooms.NewBody(out.String()), nil
}

// limited takes up to maxResult bytes.
type limited struct {
	bytes.Buffer
	over bool
}

// Write takes what there is room for, and is never at fault: the renderer would stop at some faults and not at others.
func (l *limited) Write(p []byte) (int, error) {
	if l.over = l.over || l.Len()+len(p) > maxResult; l.over {
		return len(p), nil
	}
	return l.Buffer.Write(p)
}

// valuesOf are what is known of a person. What is blank is not there.
func valuesOf(to rooms.Contact) map[string]string {
	values := make(map[string]string, len(to.Values)+2)
	put := func(name, value string) {
		if strings.TrimSpace(value) != "" {
			values[name] = value
		}
	}
	put("name", to.Name.Reveal())
	put("language", to.Language)
	for name, v := range to.Values {
		put(name, v.Reveal())
	}
	return values
}
