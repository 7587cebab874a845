package email

import (
	"bytes"
	"crypto/sha256"
	"strings"
)

// field is one of a header, with its continuation lines.
type field struct{ name, text string }

// fieldsOf takes a header of ours apart.
func fieldsOf(header []byte) (fields []field) {
	for line := range strings.SplitAfterSeq(string(header), "\r\n") {
		switch {
		case line == "":
		case (line[0] == ' ' || line[0] == '\t') && len(fields) > 0:
			fields[len(fields)-1].text += line
		default:
			name, _, _ := strings.Cut(line, ":")
			fields = append(fields, field{strings.ToLower(name), line})
		}
	}
	return fields
}

// pick says which fields a signature covers, by name, and gives them as they are signed. Those that mail programs show are
// named once more than they are there, so that no second one can be put in front of them (RFC 6376 §8.15).
func pick(fields []field) (names []string, signed string) {
	for _, name := range []string{"from", "to", "cc", "subject", "date", "message-id", "reply-to"} {
		names, signed = cover(fields, name, names, signed)
		names = append(names, name)
	}
	for _, name := range []string{"auto-submitted", "list-unsubscribe", "list-unsubscribe-post", "mime-version", "content-type", "content-transfer-encoding"} {
		names, signed = cover(fields, name, names, signed)
	}
	return names, signed
}

// cover adds a field that is there; of ours none is there twice.
func cover(fields []field, name string, names []string, signed string) ([]string, string) {
	for _, f := range fields {
		if f.name == name {
			return append(names, name), signed + relaxed(f.text)
		}
	}
	return names, signed
}

// relaxed is the canonical form of a field (RFC 6376 §3.4.2).
func relaxed(text string) string {
	name, value, _ := strings.Cut(text, ":")
	return strings.ToLower(strings.TrimSpace(name)) + ":" + strings.Join(strings.FieldsFunc(value, isWhite), " ") + "\r\n"
}

func isWhite(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' }

// hashBody is that of an entity's body in canonical form (RFC 6376 §3.4.4): white space within a line counts as one space,
// at its end not at all, nor do empty lines at the end of the body.
func hashBody(entity []byte) [sha256.Size]byte {
	_, body, _ := bytes.Cut(entity, []byte("\r\n\r\n"))
	var canonical bytes.Buffer
	empty := 0
	for line := range bytes.SplitSeq(body, []byte("\r\n")) {
		line = oneSpace(line)
		if len(line) == 0 {
			empty++
			continue
		}
		for ; empty > 0; empty-- {
			canonical.WriteString("\r\n")
		}
		canonical.Write(line)
		canonical.WriteString("\r\n")
	}
	return sha256.Sum256(canonical.Bytes())
}

// oneSpace makes each run of spaces and tabs one space, and drops the last.
func oneSpace(line []byte) []byte {
	out := make([]byte, 0, len(line))
	for i, c := range line {
		if c != ' ' && c != '\t' {
			out = append(out, c)
		} else if i == 0 || line[i-1] != ' ' && line[i-1] != '\t' {
			out = append(out, ' ')
		}
	}
	return bytes.TrimRight(out, " ")
}

const foldAt = 70 // characters of a line

// fold breaks a long value into lines, after a separator if one is given.
func fold(value, after string) string {
	var out strings.Builder
	for len(value) > foldAt {
		cut := foldAt
		if after != "" {
			cut = max(strings.LastIndex(value[:foldAt], after)+1, 1)
		}
		out.WriteString(value[:cut] + "\r\n\t")
		value = value[cut:]
	}
	return out.String() + value
}
