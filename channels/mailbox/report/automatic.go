package report

import (
	"regexp"
	"strings"
)

// maxHops is more than any way that ends (RFC 5321 §6.3).
const maxHops = 100

// automatic says that a machine has written a mail (RFC 3834, and what was usual before it).
func (l *Letter) automatic(e Envelope) bool {
	h := l.root.header
	submitted, _, _ := strings.Cut(strings.ToLower(h.get("auto-submitted")), ";")
	if submitted = strings.TrimSpace(submitted); submitted != "" && submitted != "no" {
		return true
	}
	switch strings.ToLower(h.get("precedence")) {
	case "bulk", "junk", "list", "auto_reply":
		return true
	}
	for _, name := range []string{"x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-response-suppress", "list-id", "feedback-id"} {
		if h.get(name) != "" {
			return true
		}
	}
	return len(h.all("received")) > maxHops || l.fromCarrier(e) || anAnswerer().MatchString(l.subject)
}

// autoReplied says that a machine has answered, rather than begun.
func (l *Letter) autoReplied() bool {
	return strings.HasPrefix(strings.ToLower(l.root.get("auto-submitted")), "auto-replied") || l.root.get("x-autoreply") != ""
}

// anAnswerer is how machines that say nothing else about themselves begin their subject.
func anAnswerer() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^(automatic reply|auto(matic)?[- ]?(reply|response)|out of (the )?office|autoreply|vacation( reply)?|автоответ|автоматический ответ|` +
		`automatische antwort|abwesenheitsnotiz|réponse automatique|respuesta automática|risposta automatica|автоматтык жооп) ?:`)
}
