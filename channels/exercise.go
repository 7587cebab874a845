package channels

import (
	"html"
	"strings"

	"github.com/govcrier/crier/rooms"
)

// drill has every text of a content begin with a word, so that nobody takes an exercise for the real thing. What is not
// said stays unsaid, but for the subject of an e-mail.
func drill(word string, c rooms.Content) rooms.Content {
	mark := func(b rooms.Body) rooms.Body {
		if b.IsZero() {
			return b
		}
		return rooms.NewBody(word + ": " + b.Reveal())
	}
	c.Text, c.SMS = mark(c.Text), mark(c.SMS)
	if c.Subject = mark(c.Subject); c.Subject.IsZero() {
		c.Subject = rooms.NewBody(word)
	}
	if !c.HTML.IsZero() {
		c.HTML = rooms.NewBody(drillHTML(word, c.HTML.Reveal()))
	}
	return c
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
