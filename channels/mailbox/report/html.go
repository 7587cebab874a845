package report

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxQuoted = 8 // depth of quotations that are told apart

// fromHTML reduces HTML to its text: blocks become lines, and quotations begin with "> ".
func fromHTML(s string) string {
	w := &reducer{}
	for s != "" {
		at := strings.IndexByte(s, '<')
		if at < 0 {
			w.write(s)
			break
		}
		w.write(s[:at])
		s = w.tag(s[at:])
	}
	w.end()
	return strings.TrimSpace(w.out.String())
}

type reducer struct {
	out    strings.Builder
	line   strings.Builder
	quoted int
	empty  int // empty lines so far
}

// tag does what the tag at the beginning of s means, and gives what comes after it.
func (w *reducer) tag(s string) string {
	if strings.HasPrefix(s, "<!--") {
		return after(s, "-->")
	}
	if len(s) < 2 || s[1] != '/' && s[1] != '!' && !letter(s[1]) {
		w.write("<")
		return s[1:]
	}
	inner, rest, closed := strings.Cut(s[1:], ">")
	if !closed {
		w.write(s)
		return ""
	}
	switch name := nameOf(inner); name {
	case "script", "style", "head", "title":
		return after(rest, "</"+name)
	case "br", "/p", "/div", "/tr", "/li", "/h1", "/h2", "/h3", "/h4", "/ul", "/ol", "/table", "p", "div", "tr", "li", "hr":
		w.breakLine(name)
	case "td", "th":
		w.write(" ")
	case "blockquote", "/blockquote":
		w.end()
		if name[0] == '/' {
			w.quoted = max(w.quoted-1, 0)
		} else {
			w.quoted = min(w.quoted+1, maxQuoted)
		}
	}
	return rest
}

// breakLine ends a line; blocks make no line of their own where there is no text.
func (w *reducer) breakLine(name string) {
	if name == "br" || name == "/p" || w.line.Len() > 0 {
		w.end()
	}
}

func (w *reducer) write(s string) {
	text := clean(html.UnescapeString(s))
	first, _ := utf8.DecodeRuneInString(text)
	last, _ := utf8.DecodeLastRuneInString(text)
	words := strings.Fields(text)
	if unicode.IsSpace(first) && w.line.Len() > 0 {
		w.line.WriteByte(' ')
	}
	w.line.WriteString(strings.Join(words, " "))
	if len(words) > 0 && unicode.IsSpace(last) {
		w.line.WriteByte(' ')
	}
}

func (w *reducer) end() {
	line := strings.Join(strings.Fields(w.line.String()), " ")
	w.line.Reset()
	if line == "" {
		if w.empty++; w.empty > 1 {
			return
		}
	} else {
		w.empty = 0
		line = strings.Repeat("> ", w.quoted) + line
	}
	w.out.WriteString(line + "\n")
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// nameOf is the name of a tag in lower case, with the slash that closes.
func nameOf(inner string) string {
	slash := ""
	if inner[0] == '/' {
		slash, inner = "/", inner[1:]
	}
	end := strings.IndexFunc(inner, func(r rune) bool { return unicode.IsSpace(r) || r == '/' })
	if end >= 0 {
		inner = inner[:end]
	}
	return slash + strings.ToLower(inner[:min(len(inner), 12)])
}

// after is what follows the first appearance of a text, whatever its case.
func after(s, end string) string {
	for at := 0; at+len(end) <= len(s); at++ {
		if strings.EqualFold(s[at:at+len(end)], end) {
			if end[0] == '<' {
				_, rest, _ := strings.Cut(s[at:], ">")
				return rest
			}
			return s[at+len(end):]
		}
	}
	return ""
}
