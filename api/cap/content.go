package cap

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/rooms"
)

// How long the texts may be that a content takes: an e-mail's subject and ten segments of an SMS.
const (
	maxSubject   = 900
	maxSMS       = 1500
	maxLanguages = 50
)

// content is what a message says, as it is published; CAP is the alert as it came.
type content struct {
	inLanguages
	Places []place `json:"places,omitempty"`
	CAP    string  `json:"cap"`
}

// inLanguages is what is said to all others, and to those who prefer a language.
type inLanguages struct {
	variant
	Languages map[string]variant `json:"languages,omitempty"`
}

type variant struct {
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text,omitempty"`
	SMS     string `json:"sms,omitempty"`
}

// Content is the content of the message that an alert becomes: one JSON value. Whom only some of its infos concern, by a room's
// rules (see Audience), gets those; all others get all. Of those that somebody gets, the first is for everybody, and the infos
// of each other language for those who prefer that, or its primary subtag if no other info has it.
func (a Alert) Content(o Options, by []rooms.AreaRule) ([]byte, error) {
	c := content{CAP: string(a.raw)}
	if len(a.Info) == 0 {
		c.variant = a.bare(o.WithDefaults())
	} else {
		c.inLanguages = translate(a.Info)
		c.Places = a.places(by)
	}
	b, err := json.Marshal(c, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("cap: %w", err)
	}
	return b, nil
}

// translate says infos in each of their languages.
func translate(infos []Info) (out inLanguages) {
	taken := map[string]bool{}
	out.variant = say(in(infos, infos[0].Language))
	take(taken, infos[0].Language)
	for _, i := range infos {
		for _, tag := range take(taken, i.Language) {
			if out.Languages == nil {
				out.Languages = map[string]variant{}
			}
			if len(out.Languages) < maxLanguages {
				out.Languages[tag] = say(in(infos, i.Language))
			}
		}
	}
	return out
}

// Original is the alert of a content, byte for byte; false if it holds none.
func Original(raw []byte) ([]byte, bool) {
	var c struct {
		CAP string `json:"cap"`
	}
	if json.Unmarshal(raw, &c) != nil || c.CAP == "" {
		return nil, false
	}
	return []byte(c.CAP), true
}

// take gives those names of a language that nobody has taken before. One that nobody can prefer has none.
func take(taken map[string]bool, language string) (fresh []string) {
	language = strings.ToLower(language)
	primary, _, _ := strings.Cut(language, "-")
	for _, tag := range []string{language, primary} {
		if _, err := rooms.ParseLanguage(tag); err == nil && !taken[tag] {
			taken[tag] = true
			fresh = append(fresh, tag)
		}
	}
	return fresh
}

// in are the infos of a language.
func in(infos []Info, language string) (list []Info) {
	for _, i := range infos {
		if strings.EqualFold(i.Language, language) {
			list = append(list, i)
		}
	}
	return list
}

// say is what infos of one language say together.
func say(infos []Info) variant {
	var titles, texts []string
	for _, i := range infos {
		title := i.Title()
		titles = append(titles, title)
		var parts []string
		for _, part := range []string{title, i.Description, i.Instruction, i.Places(), i.Web, i.Contact, i.SenderName} {
			if part != "" {
				parts = append(parts, part)
			}
		}
		texts = append(texts, strings.Join(parts, "\n\n"))
	}
	return variant{
		Subject: cut(strings.Join(titles, " / "), maxSubject), Text: strings.Join(texts, "\n\n"), SMS: cut(strings.Join(titles, "\n"), maxSMS),
	}
}

// bare is what an alert without infos says: its note.
func (a Alert) bare(o Options) variant {
	words := cmp.Or(a.Note, o.Cancelled)
	return variant{Subject: cut(line(words), maxSubject), Text: words, SMS: cut(words, maxSMS)}
}

// tidy takes away what surrounds a text, and control characters that no channel takes.
func tidy(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s))
}

// line makes one line of a text.
func line(s string) string {
	return tidy(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\u2028' || r == '\u2029' }), " "))
}

// cut shortens a text to so many characters.
func cut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:most-1])) + "…"
}

// Check says of what an alert comes to why no channel takes it; nothing of what Content has written.
func Check(raw []byte) []rooms.Fault {
	c, err := rooms.DecodeContent(raw)
	if err != nil {
		return []rooms.Fault{{Pointer: "/alert", Code: "invalid_text", Detail: "the content cannot be read"}}
	}
	return c.Check("/alert")
}
