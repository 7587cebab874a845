package report

import (
	"bytes"
	"mime"
	"net/mail"
	"regexp"
	"strings"
	"unicode"

	"github.com/emersion/go-message/charset"

	"github.com/govcrier/crier/rooms"
)

const (
	maxHeader = 256 << 10 // bytes of a header that are read
	maxFields = 1000
)

// header is the fields of a header in their order, names in lower case.
type header []field

type field struct{ name, value string }

// get gives the first field of a name.
func (h header) get(name string) string {
	for _, f := range h {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

// all gives every field of these names.
func (h header) all(names ...string) []string {
	var found []string
	for _, f := range h {
		for _, name := range names {
			if f.name == name {
				found = append(found, f.value)
			}
		}
	}
	return found
}

// split parts header and body at the first empty line. What does not begin like a header is body.
func split(raw []byte) (head, body []byte) {
	for at := 0; at < len(raw); {
		line, next := lineAt(raw, at)
		switch {
		case len(line) == 0:
			return raw[:at], raw[next:]
		case at == 0 && !beginsField(line) && !bytes.HasPrefix(line, []byte("From ")):
			return nil, raw
		}
		at = next
	}
	return raw, nil
}

// lineAt gives the line that begins at a place, without its end, and where the next one begins.
func lineAt(b []byte, at int) (line []byte, next int) {
	end := bytes.IndexByte(b[at:], '\n')
	if end < 0 {
		return bytes.TrimSuffix(b[at:], []byte("\r")), len(b)
	}
	return bytes.TrimSuffix(b[at:at+end], []byte("\r")), at + end + 1
}

// beginsField says whether a line begins with a name and a colon.
func beginsField(line []byte) bool {
	name, _, ok := bytes.Cut(line, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	return ok && len(name) > 0 && !bytes.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' })
}

// parseHeader reads what it can; lines that are none of a header are left out.
func parseHeader(b []byte) header {
	var h header
	var folded []string // what there is of the last value
	end := func() {
		if len(h) > 0 && len(folded) > 1 {
			h[len(h)-1].value = strings.Join(folded, " ")
		}
	}
	b = b[:min(len(b), maxHeader)]
	for at := 0; at < len(b) && len(h) < maxFields; {
		line, next := lineAt(b, at)
		at = next
		switch {
		case len(line) > 0 && (line[0] == ' ' || line[0] == '\t'):
			folded = append(folded, string(bytes.TrimSpace(line)))
		case beginsField(line):
			end()
			name, value, _ := strings.Cut(string(line), ":")
			h = append(h, field{strings.ToLower(strings.TrimRight(name, " \t")), strings.TrimSpace(value)})
			folded = []string{h[len(h)-1].value}
		}
	}
	end()
	return h
}

// words reads encoded words (RFC 2047) and leaves what it does not know.
func words(s string) string {
	d := mime.WordDecoder{CharsetReader: charset.Reader}
	if out, err := d.DecodeHeader(s); err == nil {
		s = out
	}
	return strings.Join(strings.Fields(clean(s)), " ")
}

// clean leaves nothing in a text that is not UTF-8 or controls something else than lines.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// anAddress finds one in text that net/mail does not understand.
func anAddress() *regexp.Regexp {
	return regexp.MustCompile(`[^\s<>"(),;:\\\[\]]+@[^\s<>"(),;:\\\[\]]+`)
}

// addresses reads those of a field.
func addresses(s string) []rooms.Address {
	written := anAddress().FindAllString(s, maxFound)
	if list, err := mail.ParseAddressList(s); err == nil {
		written = nil
		for _, one := range list[:min(len(list), maxFound)] {
			written = append(written, one.Address)
		}
	}
	var found []rooms.Address
	for _, one := range written {
		if a, err := rooms.ParseEmail(one); err == nil {
			found = append(found, a)
		}
	}
	return found
}

// address reads the first address of a field; zero if there is none.
func address(s string) rooms.Address {
	for _, a := range addresses(s) {
		return a
	}
	return rooms.Address{}
}
