package rooms

import (
	"strings"
	"testing"
)

func TestTransliterate(t *testing.T) {
	for text, want := range map[string]string{
		"“Café” – d’été…":        `"Café" - d'été...`,
		"Dvořák, Łódź, Çeşme":    "Dvorak, Lodz, Çesme",
		"cafe\u0301\u00a0ﬁn œuf": "cafe fin oeuf",
		"a\u200bb\tc":            "ab c",
		"plain {text} €":         "plain {text} €",
		"“Вакцина”":              "“Вакцина”", // takes UCS-2 all the same
		"“hi” 😀":                 "“hi” 😀",
		"日本":                     "日本",
		"\xff":                   "\xff",
		"":                       "",
	} {
		if got := Transliterate(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	for _, group := range gsmLikenesses() {
		if _, ok := EncodeGSM7(group.is); !ok {
			t.Errorf("%q is not in GSM 7", group.is)
		}
		for _, r := range group.of {
			if gsmUnits(r) > 0 {
				t.Errorf("%q is in GSM 7 itself", r)
			}
		}
	}
}

func FuzzTransliterate(f *testing.F) {
	f.Add("“Łódź” – cafe\u0301")
	f.Add("Вакцина")
	f.Fuzz(func(t *testing.T, text string) {
		got := Transliterate(text)
		if got != text && MeasureSMS(got).Encoding != GSM7 {
			t.Errorf("%q became %q for nothing", text, got)
		}
		if MeasureSMS(text).Encoding == GSM7 && got != text {
			t.Errorf("%q needs no change", text)
		}
		if Transliterate(got) != got {
			t.Errorf("%q changes again", got)
		}
		if l := (ContentLimits{}); l.SMS(text) != text || strings.Compare(l.Said(Content{Text: NewBody(text)}, SMS).ShortText().Reveal(), text) != 0 {
			t.Error("it changes although nobody asked")
		}
	})
}
