package rooms

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSegmentsAtTheirBorders(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want SMSLength
	}{
		"nothing":                          {"", SMSLength{GSM7, 0, 0}},
		"one":                              {"a", SMSLength{GSM7, 1, 1}},
		"160":                              {strings.Repeat("a", 160), SMSLength{GSM7, 160, 1}},
		"161":                              {strings.Repeat("a", 161), SMSLength{GSM7, 161, 2}},
		"306":                              {strings.Repeat("a", 306), SMSLength{GSM7, 306, 2}},
		"307":                              {strings.Repeat("a", 307), SMSLength{GSM7, 307, 3}},
		"1530":                             {strings.Repeat("a", 1530), SMSLength{GSM7, 1530, 10}},
		"80 of the extension":              {strings.Repeat("€", 80), SMSLength{GSM7, 160, 1}},
		"81 of the extension":              {strings.Repeat("€", 81), SMSLength{GSM7, 162, 2}},
		"an escape at the border":          {strings.Repeat("a", 152) + "€" + strings.Repeat("b", 151), SMSLength{GSM7, 305, 2}},
		"an escape at the border, and one": {strings.Repeat("a", 152) + "€" + strings.Repeat("b", 152), SMSLength{GSM7, 306, 3}},
		"70":                               {strings.Repeat("ө", 70), SMSLength{UCS2, 70, 1}},
		"71":                               {strings.Repeat("ө", 71), SMSLength{UCS2, 71, 2}},
		"134":                              {strings.Repeat("ө", 134), SMSLength{UCS2, 134, 2}},
		"135":                              {strings.Repeat("ө", 135), SMSLength{UCS2, 135, 3}},
		"one Cyrillic letter among Latin":  {strings.Repeat("a", 70) + "ө", SMSLength{UCS2, 71, 2}},
		"35 beyond the first plane":        {strings.Repeat("😀", 35), SMSLength{UCS2, 70, 1}},
		"a pair at the border":             {strings.Repeat("ө", 66) + "😀" + strings.Repeat("ө", 65), SMSLength{UCS2, 133, 2}},
		"a pair at the border, and one":    {strings.Repeat("ө", 66) + "😀" + strings.Repeat("ө", 66), SMSLength{UCS2, 134, 3}},
		"typographic":                      {"“", SMSLength{UCS2, 1, 1}},
		"tab":                              {"\t", SMSLength{UCS2, 1, 1}},
		"alphabet":                         {gsmAlphabet, SMSLength{GSM7, 127, 1}},
	} {
		if got := MeasureSMS(c.text); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if n := utf8.RuneCountInString(gsmAlphabet + gsmExtension); n != 137 {
		t.Errorf("%d characters in the tables, want 127 and 10", n)
	}
}

// A text is never in fewer segments than its units need, nor in more than if each character were cut off whole.
func FuzzSegments(f *testing.F) {
	f.Add("hello {world}")
	f.Add(strings.Repeat("ө😀", 60))
	f.Add("\xff")
	f.Fuzz(func(t *testing.T, text string) {
		m := MeasureSMS(text)
		alone, joined := gsmAlone, gsmJoined
		if m.Encoding == UCS2 {
			alone, joined = ucs2Alone, ucs2Joined
		}
		least, most := (m.Units+joined-1)/joined, (m.Units+joined-2)/(joined-1)
		if m.Units <= alone {
			least, most = min(m.Units, 1), 1
		}
		if m.Segments < least || m.Segments > max(most, least) {
			t.Errorf("%+v, want %d to %d segments", m, least, most)
		}
	})
}
