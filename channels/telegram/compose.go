package telegram

import (
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/rooms"
)

// maxUnits is how long a message is at most, in UTF-16 code units, as the Bot API counts.
const maxUnits = 4096

// message is a call of sendMessage.
type message struct {
	Chat     jsontext.Value `json:"chat_id"`
	Text     string         `json:"text"`
	Entities []entity       `json:"entities,omitempty"`
	Preview  *preview       `json:"link_preview_options,omitempty"`
}

type entity struct {
	Type   string `json:"type"`
	Offset int    `json:"offset"`
	Length int    `json:"length"`
}

type preview struct {
	Disabled bool `json:"is_disabled"`
}

// part is one message of a text, whose beginning is bold.
type part struct {
	text string
	bold int // UTF-16 units
}

func (p part) entities() []entity {
	if p.bold == 0 {
		return nil
	}
	return []entity{{"bold", 0, p.bold}}
}

// compose makes the messages of a content; none if it has nothing to say.
func compose(c rooms.Content) (parts []part) {
	text := strings.TrimSpace(strings.Map(shown, c.Plain().Reveal()))
	if text == "" {
		return nil
	}
	subject := strings.Join(strings.Fields(strings.Map(inLine, c.Subject.Reveal())), " ")
	whole := text
	if subject != "" {
		whole = subject + "\n\n" + text
	}
	for whole != "" {
		one, rest := cut(whole)
		parts = append(parts, part{text: one})
		whole = rest
	}
	parts[0].bold = min(units(subject), units(parts[0].text))
	return parts
}

// shown drops what no screen shows, and keeps lines.
func shown(r rune) rune {
	if unicode.IsControl(r) && r != '\n' && r != '\t' {
		return -1
	}
	return r
}

// inLine has a space where a line would end.
func inLine(r rune) rune {
	if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
		return ' '
	}
	return r
}

func units(s string) (n int) {
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// cut takes as much of a text as a message has room for: to the end of a line if one is in its second half, else to the end of
// a word, else to the end of a character.
func cut(s string) (one, rest string) {
	most, n := len(s), 0
	for i, r := range s {
		if n += utf16.RuneLen(r); n > maxUnits {
			most = i
			break
		}
	}
	if most == len(s) {
		return s, ""
	}
	end := most
	for _, mark := range []string{"\n", " "} {
		if at := strings.LastIndex(s[:most+1], mark); at > most/2 {
			end = at
			break
		}
	}
	return strings.TrimSpace(s[:end]), strings.TrimSpace(s[end:])
}
