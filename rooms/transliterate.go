package rooms

import (
	"strings"
	"unicode"
)

// Transliterate writes a text with the characters of GSM 7, if those that it lacks have something alike there: typographic
// quotes and dashes, Latin letters with marks, ligatures. A text with any other character is left as it is, for it takes
// UCS-2 all the same.
func Transliterate(text string) string {
	var out strings.Builder
	for _, r := range text {
		if gsmUnits(r) > 0 {
			out.WriteRune(r)
			continue
		}
		s, ok := gsmLike(r)
		if !ok {
			return text
		}
		out.WriteString(s)
	}
	return out.String()
}

// gsmLike is what stands for a character that GSM 7 lacks.
func gsmLike(r rune) (string, bool) {
	for _, group := range gsmLikenesses() {
		if strings.ContainsRune(group.of, r) {
			return group.is, true
		}
	}
	switch {
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r): // a mark on the letter before, or nothing that is seen
		return "", true
	case unicode.Is(unicode.Zs, r):
		return " ", true
	}
	return "", false
}

type likeness struct{ is, of string }

func gsmLikenesses() []likeness {
	return []likeness{
		{`"`, "“”„‟«»″"}, {"'", "‘’‚‛‹›′`´ʼ"}, {"-", "‐‑‒–—―−"}, {"...", "…"}, {" ", "\t"}, {"\n", "\u2028\u2029"}, {"*", "•·"},
		{"a", "áâãāăąǎª"}, {"A", "ÁÂÀÃĀĂĄǍ"}, {"c", "çćĉċč"}, {"C", "ĆĈĊČ"}, {"d", "ďđ"}, {"D", "ĎĐ"}, {"e", "êëēĕėęě"}, {"E", "ÈÊËĒĔĖĘĚ"},
		{"g", "ĝğġģ"}, {"G", "ĜĞĠĢ"}, {"h", "ĥħ"}, {"H", "ĤĦ"}, {"i", "íîïĩīĭįı"}, {"I", "ÌÍÎÏĨĪĬĮİ"}, {"j", "ĵ"}, {"J", "Ĵ"}, {"k", "ķ"}, {"K", "Ķ"},
		{"l", "ĺļľŀł"}, {"L", "ĹĻĽĿŁ"}, {"n", "ńņňŋ"}, {"N", "ŃŅŇŊ"}, {"o", "óôõōŏőº"}, {"O", "ÒÓÔÕŌŎŐ"}, {"r", "ŕŗř"}, {"R", "ŔŖŘ"},
		{"s", "śŝşšș"}, {"S", "ŚŜŞŠȘ"}, {"t", "ţťŧț"}, {"T", "ŢŤŦȚ"}, {"u", "úûũūŭůűų"}, {"U", "ÙÚÛŨŪŬŮŰŲ"}, {"w", "ŵ"}, {"W", "Ŵ"},
		{"y", "ýÿŷ"}, {"Y", "ÝŸŶ"}, {"z", "źżž"}, {"Z", "ŹŻŽ"},
		{"oe", "œ"}, {"OE", "Œ"}, {"ij", "ĳ"}, {"IJ", "Ĳ"}, {"ff", "ﬀ"}, {"fi", "ﬁ"}, {"fl", "ﬂ"}, {"ffi", "ﬃ"}, {"ffl", "ﬄ"}, {"th", "þ"}, {"Th", "Þ"}, {"d", "ð"}, {"D", "Ð"},
		{"x", "×"}, {"(c)", "©"}, {"(r)", "®"}, {"(tm)", "™"}, {"No", "№"}, {"1/2", "½"}, {"1/4", "¼"}, {"3/4", "¾"},
	}
}

// SMS is what an SMS says of a text under these rules.
func (l ContentLimits) SMS(text string) string {
	if l.Transliterate {
		return Transliterate(text)
	}
	return text
}

// Said is a content as it is said on a channel under these rules.
func (l ContentLimits) Said(c Content, ch Channel) Content {
	if short := c.ShortText(); ch == SMS && l.Transliterate && !short.IsZero() {
		c.SMS = NewBody(Transliterate(short.Reveal()))
	}
	return c
}
