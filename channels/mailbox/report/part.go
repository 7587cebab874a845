package report

import (
	"bytes"
	"iter"
	"mime"
	"regexp"
	"strings"
)

const (
	maxDepth = 16
	maxParts = 500
)

// part is a mail, or a part of one (RFC 2046).
type part struct {
	header
	media  string // in lower case, such as "text/plain"
	params map[string]string
	body   []byte // as it came
	parts  []*part
}

// parse reads a mail, and no more parts of it than there may be: those beyond are left out, and what lies too deep is one part.
func parse(raw []byte) *part {
	left := maxParts
	return parsePart(bytes.TrimLeft(raw, "\r\n"), 0, &left)
}

func parsePart(raw []byte, depth int, left *int) *part {
	head, body := split(raw)
	p := &part{header: parseHeader(head), body: body}
	p.media, p.params = mediaType(p.get("content-type"))
	if !strings.HasPrefix(p.media, "multipart/") || depth == maxDepth {
		return p
	}
	for chunk := range chunks(body, p.params["boundary"]) {
		if *left--; *left < 0 {
			break
		}
		p.parts = append(p.parts, parsePart(chunk, depth+1, left))
	}
	if len(p.parts) == 0 { // its boundary is wrong, so a person has to look
		p.media = "text/plain"
	}
	return p
}

// chunks are what lies between the lines that a boundary makes. Before the first and behind the last is nothing.
func chunks(body []byte, boundary string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		delimiter, begun := []byte("--"+boundary), -1
		for at := 0; boundary != ""; {
			i := bytes.Index(body[at:], delimiter)
			if i < 0 {
				break
			}
			i += at
			if at = i + len(delimiter); i > 0 && body[i-1] != '\n' {
				continue
			}
			rest, next := lineAt(body, at)
			ends := bytes.HasPrefix(rest, []byte("--"))
			if !ends && len(bytes.TrimSpace(rest)) > 0 {
				continue
			}
			if begun >= 0 && !yield(withoutEnd(body[min(begun, i):i])) || ends {
				return
			}
			begun, at = next, next
		}
		if begun >= 0 {
			yield(body[begun:])
		}
	}
}

// withoutEnd leaves out the line break that belongs to the boundary.
func withoutEnd(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
}

// mediaType reads a Content-Type, also one that is none.
func mediaType(s string) (media string, params map[string]string) {
	if s == "" {
		return "text/plain", nil
	}
	media, params, err := mime.ParseMediaType(s)
	if err == nil {
		return media, params
	}
	media, _, _ = strings.Cut(s, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	if !strings.Contains(media, "/") {
		media = "text/plain"
	}
	params = map[string]string{}
	for _, found := range aParameter().FindAllStringSubmatch(s, 20) {
		params[strings.ToLower(found[1])] = strings.Trim(found[2], `"`)
	}
	return media, params
}

func aParameter() *regexp.Regexp {
	return regexp.MustCompile(`;\s*([A-Za-z-]+)\s*=\s*("[^"]*"|[^;\s]+)`)
}

// every walks over a mail and its parts.
func (p *part) every(fn func(*part)) {
	fn(p)
	for _, child := range p.parts {
		child.every(fn)
	}
}

// find gives the first part of one of these media types.
func (p *part) find(media ...string) *part {
	var found *part
	p.every(func(one *part) {
		for _, m := range media {
			if found == nil && one.media == m {
				found = one
			}
		}
	})
	return found
}
