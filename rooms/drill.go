package rooms

import (
	"fmt"
	"html"
	"strings"
)

// Drill has every text of what is said to one person begin with a word, so that nobody takes an exercise for the real thing.
// What is not said stays unsaid, but for the subject of an e-mail. An error names the text, such as /sms, that is too long
// with the word.
func (c Content) Drill(word string) (Content, error) {
	mark := func(b Body) Body {
		if b.IsZero() {
			return b
		}
		return NewBody(word + ": " + b.Reveal())
	}
	c.Text, c.SMS = mark(c.Text), mark(c.SMS)
	if c.Subject = mark(c.Subject); c.Subject.IsZero() {
		c.Subject = NewBody(word)
	}
	if !c.HTML.IsZero() {
		c.HTML = NewBody(drillHTML(word, c.HTML.Reveal()))
	}
	for _, f := range c.checkTexts("") {
		return c, fmt.Errorf("%w: %s, with the word that tells a drill", ErrText, f.Pointer)
	}
	return c, nil
}

// drillHTML puts the word where the body begins.
func drillHTML(word, page string) string {
	mark := "<p><strong>" + html.EscapeString(word) + "</strong></p>"
	at := 0
	if i := strings.Index(strings.ToLower(page), "<body"); i >= 0 && len(strings.ToLower(page)) == len(page) {
		if end := strings.IndexByte(page[i:], '>'); end >= 0 {
			at = i + end + 1
		}
	}
	return page[:at] + mark + page[at:]
}
