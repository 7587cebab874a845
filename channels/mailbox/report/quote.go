package report

import (
	"regexp"
	"strings"
)

// maxText is how much of an answer is kept.
const maxText = 64 << 10

// own is what a person has written himself: without the mail that he answers, which stands below it.
func own(text string) string {
	text = bounded(text, maxScanned)
	lines, c := strings.Split(text, "\n"), newCutter()
	cut := len(lines)
	for i := range lines {
		if c.separates(lines, i) {
			cut = i
			break
		}
	}
	mine := withoutQuote(lines[:cut])
	if mine == "" || below(lines) {
		mine = withoutQuote(unquoted(lines))
	}
	if mine == "" {
		mine = strings.TrimSpace(text)
	}
	return bounded(mine, maxText)
}

// cutter knows the lines that mail clients put above a mail that is answered.
type cutter struct{ separator, head, attribution *regexp.Regexp }

func newCutter() cutter {
	return cutter{
		// "-----Original Message-----", in any language
		separator: regexp.MustCompile(`(?i)^-{3,}[ ]?(original|forwarded|reply|urspr|message d|mensaje|messaggio|исходн|оригинал|пересыла|баштапкы)[^-]{0,60}-{3,}$`),
		// the header of a mail, as some clients write it
		head: regexp.MustCompile(`^(_{10,}\n+)?(From|Von|De|Da|От|Кимден) ?: .*\n(.*\n)*?(To|An|À|Para|A|Кому|Кимге) ?: .*\n(.*\n)*?(Subject|Betreff|Objet|Asunto|Oggetto|Тема) ?: `),
		// "On … A wrote:"
		attribution: regexp.MustCompile(`(?i)(wrote|schrieb|a écrit|escribió|escreveu|ha scritto|schreef|написал(\(а\)|а)?|пишет|жазды)\s?:$`),
	}
}

// separates says that the mail which is answered begins below this line.
func (c cutter) separates(lines []string, i int) bool {
	line := strings.TrimSpace(lines[i])
	switch {
	case line == "" || line[0] == '>':
		return false
	case line[0] == '-':
		return c.separator.MatchString(line)
	case line[0] == '_' || line[0] == '*' || strings.Contains(line[:min(len(line), 20)], ":"):
		head := strings.TrimSpace(strings.Join(lines[i:min(len(lines), i+7)], "\n"))
		if c.head.MatchString(strings.ReplaceAll(head, "*", "")) {
			return true
		}
	}
	return c.attributes(lines, i)
}

// attributes says that a line, or this one and the next, says who has written what is quoted below, up to the end.
func (c cutter) attributes(lines []string, i int) bool {
	line, rest := strings.TrimSpace(lines[i]), lines[i+1:]
	if !strings.HasSuffix(line, ":") && len(rest) > 0 {
		line, rest = line+" "+strings.TrimSpace(rest[0]), rest[1:]
	}
	if len(line) > 400 || !strings.HasSuffix(line, ":") || !strings.ContainsAny(line, "0123456789") {
		return false
	}
	return quotes(rest) && (strings.Contains(line, "@") || c.attribution.MatchString(line))
}

// quotes says that there are only quoted lines.
func quotes(lines []string) bool {
	some := false
	for _, l := range lines {
		l = strings.TrimSpace(l)
		if l != "" && l[0] != '>' {
			return false
		}
		some = some || l != ""
	}
	return some
}

// withoutQuote leaves out quoted and empty lines at the end.
func withoutQuote(lines []string) string {
	end := len(lines)
	for end > 0 {
		line := strings.TrimSpace(lines[end-1])
		if line != "" && line[0] != '>' {
			break
		}
		end--
	}
	return strings.TrimSpace(strings.Join(lines[:end], "\n"))
}

// below says that he writes below the mail: there is one quotation, and nothing of his above it.
func below(lines []string) bool {
	above, quotations, inside := "", 0, false
	for _, l := range lines {
		l = strings.TrimSpace(l)
		quoted := strings.HasPrefix(l, ">")
		if quoted && !inside {
			quotations++
		}
		if l != "" {
			inside = quoted
		}
		if quotations == 0 {
			above = strings.TrimSpace(above + " " + l)
		}
		if quotations > 1 || len(above) > 400 {
			return false
		}
	}
	return quotations == 1 && !inside && strings.HasSuffix(above, ":")
}

// unquoted are the lines below a quotation.
func unquoted(lines []string) []string {
	last := 0
	for i, l := range lines {
		if strings.HasPrefix(strings.TrimSpace(l), ">") {
			last = i + 1
		}
	}
	return lines[last:]
}

// bounded cuts a text, but no letter of it.
func bounded(s string, limit int) string {
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return s
}
