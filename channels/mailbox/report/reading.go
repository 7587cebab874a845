package report

import "strings"

// reading is what a person reads first of a mail; other parts are counted.
func (p *part) reading() (text string, others int) {
	switch {
	case p.media == "multipart/alternative":
		return p.alternative()
	case len(p.parts) > 0:
		return p.joined()
	case p.attached() || !strings.HasPrefix(p.media, "text/"):
		return "", 1
	case p.media == "text/html":
		return fromHTML(p.text()), 0
	}
	return p.text(), 0
}

// alternative prefers what is plain.
func (p *part) alternative() (text string, others int) {
	best := false
	for _, child := range p.parts {
		words, more := child.reading()
		others += more
		plain := child.media == "text/plain"
		if strings.TrimSpace(words) != "" && (text == "" || plain && !best) {
			text, best = words, plain
		}
	}
	return text, others
}

func (p *part) joined() (text string, others int) {
	var all []string
	for _, child := range p.parts {
		words, more := child.reading()
		others += more
		if words = strings.TrimRight(words, " \t\n"); words != "" {
			all = append(all, words)
		}
	}
	return strings.Join(all, "\n\n"), others
}

// attached says whether a part is a file.
func (p *part) attached() bool {
	disposition, params := mediaType(p.get("content-disposition"))
	return disposition == "attachment" || strings.HasPrefix(strings.ToLower(p.get("content-disposition")), "attachment") ||
		params["filename"] != "" || p.params["name"] != ""
}
