package templates

import "github.com/govcrier/crier/rooms"

// Weight is about what it takes in memory, in bytes.
func (c *Content) Weight() int {
	total := textsOf(c.as)
	for _, p := range c.as.Places {
		total += textsOf(p.Says)
	}
	for _, v := range c.variants {
		for _, t := range []*template{v.subject, v.text, v.html, v.sms} {
			total += t.weight()
		}
	}
	return total
}

// textsOf counts every language.
func textsOf(c rooms.Content) int {
	total := textOf(c)
	for _, v := range c.Languages {
		total += textOf(v)
	}
	return total
}

func textOf(c rooms.Content) int {
	return len(c.Subject.Reveal()) + len(c.Text.Reveal()) + len(c.HTML.Reveal()) + len(c.SMS.Reveal())
}

// weight counts the text twice, as it came and as it was parsed, and something around each tag.
func (t *template) weight() int {
	if t == nil {
		return 0
	}
	const perTag = 200
	return 2*t.size + perTag*t.count
}
