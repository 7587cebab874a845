package templates

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms"
)

func contact(values ...string) rooms.Contact {
	c := rooms.Contact{Values: map[string]rooms.Body{}}
	for i := 0; i+1 < len(values); i += 2 {
		switch values[i] {
		case "name":
			c.Name = rooms.NewBody(values[i+1])
		case "language":
			c.Language = values[i+1]
		default:
			c.Values[values[i]] = rooms.NewBody(values[i+1])
		}
	}
	return c
}

func compiled(t *testing.T, json string) *Content {
	t.Helper()
	c, err := rooms.DecodeContent([]byte(json))
	if err != nil {
		t.Fatal(err)
	}
	out, faults := Compile(c, "")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return out
}

func TestWhatIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		to      rooms.Contact
		channel rooms.Channel
		want    string // subject|text|html|sms
	}{
		"variables":            {`{"subject":"{{child}}","text":"{{name}}, {{ child }}","mustache":true}`, contact("name", "Aida", "child", "Bek"), rooms.Email, "Bek|Aida, Bek||"},
		"without mustache":     {`{"text":"{{name}}"}`, contact("name", "Aida"), rooms.Email, "|{{name}}||"},
		"a section that is":    {`{"text":"{{#child}}for {{child}}{{/child}}{{^child}}for you{{/child}}","mustache":true}`, contact("child", "Bek"), rooms.Email, "|for Bek||"},
		"a section that isn't": {`{"text":"{{#child}}for {{child}}{{/child}}{{^child}}for you{{/child}}","mustache":true}`, contact("child", " "), rooms.Email, "|for you||"},
		"escaped in HTML only": {`{"subject":"{{x}}","text":"{{x}}","html":"<p>{{x}}</p>","mustache":true}`, contact("x", `<b>&"'`), rooms.Email, `<b>&"'|<b>&"'|<p>&lt;b&gt;&amp;&#34;&#39;</p>|`},
		"not a template":       {`{"text":"{{x}}","mustache":true}`, contact("x", "{{y}} {{=<% %>=}}"), rooms.Email, "|{{y}} {{=<% %>=}}||"},
		"a comment":            {`{"text":"a{{! nothing }}b","mustache":true}`, contact(), rooms.Email, "|ab||"},
		"SMS has its own":      {`{"text":"{{none}}","sms":"{{x}}","mustache":true}`, contact("x", "1"), rooms.SMS, "|||1"},
		"SMS has the text":     {`{"subject":"{{none}}","text":"{{x}}","mustache":true}`, contact("x", "1"), rooms.SMS, "|||1"},
		"exact language":       {`{"text":"a","languages":{"de-CH":{"text":"b"},"de":{"text":"c"}}}`, contact("language", "de-ch"), rooms.Email, "|b||"},
		"primary language":     {`{"text":"a","languages":{"de-CH":{"text":"b"},"de":{"text":"c"}}}`, contact("language", "de-AT"), rooms.Email, "|c||"},
		"no such language":     {`{"text":"a","languages":{"de":{"text":"c"}}}`, contact("language", "fr"), rooms.Email, "|a||"},
		"no language":          {`{"text":"a","languages":{"de":{"text":"c"}}}`, contact(), rooms.Email, "|a||"},
		"in his place":         {`{"text":"a","languages":{"de":{"text":"b"}},"places":[{"audience":{"at":["x"]},"text":"c"},{"audience":{"at":["y","z"]},"text":"d","languages":{"de":{"text":"e"}}}]}`, contact("at", "z", "language", "de"), rooms.Email, "|e||"},
		"in another place":     {`{"text":"a","places":[{"audience":{"at":["x"]},"text":"c"}]}`, contact("at", "w"), rooms.Email, "|a||"},
		"fallback":             {`{"subject":"s","text":"a","html":"h","sms":"m","languages":{"de":{"sms":"n"}}}`, contact("language", "de"), rooms.Email, "s|a|h|n"},
		"one body":             {`{"subject":"s","text":"a","html":"h","sms":"m","languages":{"de":{"text":"b"}}}`, contact("language", "de"), rooms.Email, "s|b||m"},
		"language and values":  {`{"text":"{{name}}","mustache":true,"languages":{"ky":{"text":"{{child}} {{language}}"}}}`, contact("language", "ky", "child", "Bek"), rooms.Email, "|Bek ky||"},
		"applications":         {`{"text":"{{name}}","mustache":true}`, contact(), rooms.Webhook, "|{{name}}||"},
	} {
		got, err := compiled(t, c.content).For(c.to, c.channel)
		said := strings.Join([]string{got.Subject.Reveal(), got.Text.Reveal(), got.HTML.Reveal(), got.SMS.Reveal()}, "|")
		if err != nil || said != c.want {
			t.Errorf("%s: %q, %v, want %q", name, said, err, c.want)
		}
	}
}

func TestWhatIsMissing(t *testing.T) {
	c := compiled(t, `{"subject":"{{a}}","text":"{{a}}{{#b}}{{c}}{{/b}}{{^d}}{{e}}{{/d}}","mustache":true}`)
	for want, to := range map[string]rooms.Contact{
		"a e":   contact(),
		"a c e": contact("b", "1"),
		"a":     contact("d", "1"),
		"":      contact("a", "1", "b", "1", "c", "1", "e", "1"),
	} {
		_, err := c.For(to, rooms.Email)
		var gaps *MissingError
		if got := errors.As(err, &gaps); got != (want != "") || got && strings.Join(gaps.Names, " ") != want {
			t.Errorf("%v, want %q", gaps, want)
		}
	}
}

func TestWhatIsTooLong(t *testing.T) {
	for _, tc := range []struct {
		content, value string
		channel        rooms.Channel
	}{
		{`{"sms":"{{x}}{{x}}","mustache":true}`, strings.Repeat("x", 1000), rooms.SMS},
		{`{"subject":"{{x}}","text":"t","mustache":true}`, strings.Repeat("x", 998), rooms.Email},
		{`{"subject":"{{x}}","text":"t","mustache":true}`, "a\r\nBcc: b@example.com", rooms.Email},
		{`{"subject":"{{x}}","text":"t","mustache":true}`, "a\u2028b", rooms.Email},
		{`{"text":"{{x}}","mustache":true}`, "\x00", rooms.Email},
		{`{"text":"` + strings.Repeat("{{x}}", 600) + `","mustache":true}`, strings.Repeat("x", 1000), rooms.Email},
	} {
		if got, err := compiled(t, tc.content).For(contact("x", tc.value), tc.channel); !errors.Is(err, ErrTooLong) {
			t.Errorf("%.40s: %v", tc.content, err)
		} else if !got.Subject.IsZero() || !got.Text.IsZero() || !got.SMS.IsZero() {
			t.Errorf("%.40s: something is said all the same", tc.content)
		}
	}
}

func TestWhatIsNoTemplate(t *testing.T) {
	for name, text := range map[string]string{
		"open tag": "{{zaphod", "empty tag": "{{}}", "open section": "{{#zaphod}}", "other section": "{{#zaphod}}{{#b}}{{/zaphod}}{{/b}}",
		"closed only": "{{/zaphod}}", "raw": "{{{zaphod}}}", "raw too": "{{& zaphod}}", "spaced raw": "{{ {zaphod} }}", "partial": "{{> zaphod}}",
		"spaced partial": "{{\n>zaphod}}", "delimiters": "{{=<% %>=}}", "dots": "{{zaphod.b}}", "dot": "{{.}}", "capital": "{{Zaphod}}",
		"no-break space": "{{\u00a0>zaphod}}", "deep": strings.Repeat("{{#a}}", 9) + strings.Repeat("{{/a}}", 9), "very deep": strings.Repeat("{{#a}}", 40_000),
		"many": strings.Repeat("{{a}}", 1001), "large": strings.Repeat("a", maxTemplate+1),
	} {
		_, err := parse(text, false)
		if !errors.Is(err, ErrTemplate) || strings.Contains(strings.ToLower(err.Error()), "zaphod") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"deep": strings.Repeat("{{#a}}", 8) + strings.Repeat("{{/a}}", 8), "many": strings.Repeat("{{a}}", 1000), "braces": "a { b {c} }} d", "none": "",
	} {
		if _, err := parse(text, true); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryVariantIsChecked(t *testing.T) {
	c, err := rooms.DecodeContent([]byte(`{"subject":"{{","text":"t","sms":"{{/x}}","mustache":true,"languages":{"ky":{"text":"{{>x}}"},"de":{"subject":"d"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	_, faults := Compile(c, "/content")
	for _, f := range faults {
		got = append(got, f.Pointer)
	}
	slices.Sort(got)
	// What a variant does not say itself is not its fault; it is found at the default.
	if want := "/content/languages/ky/text /content/sms /content/subject"; strings.Join(got, " ") != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// FuzzTemplate: whatever is accepted is said without a panic, and a value comes out as it is, or escaped.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{"{{a}}", "{{#a}}\n {{b}}\n{{/a}}", "{{^a}}{{/a}}", "{{! x }}\r\n", "{{=a b=}}", "{{{a}}}", "{{ & a }}", "{{>a}}", "{{#a}}{{^b}}{{a}}", "}}{{"} {
		f.Add(seed, "<&{{b}}", "")
	}
	f.Fuzz(func(t *testing.T, text, a, b string) {
		values := valuesOf(contact("a", a, "b", b))
		for _, html := range []bool{false, true} {
			parsed, err := parse(text, html)
			if err != nil {
				continue
			}
			gaps := missing(parsed.tags, values, nil)
			said, err := parsed.render(values)
			if err != nil && len(text)+parsed.count*(6*max(len(a), len(b))) < maxResult {
				t.Errorf("%v", err)
			}
			if html && strings.Contains(said.Reveal(), "<script>") && !strings.Contains(text, "<script>") && !strings.Contains(text, "<") {
				t.Errorf("a value is HTML: %q", said.Reveal())
			}
			if len(gaps) == 0 && parsed.count == 0 && !strings.Contains(text, "{{") && said.Reveal() != text {
				t.Errorf("%q, want %q", said.Reveal(), text)
			}
		}
	})
}

func BenchmarkFor(b *testing.B) {
	c, _ := rooms.DecodeContent([]byte(`{"subject":"{{child}}","text":"Dear {{name}}, please bring {{child}} on {{day}}.","html":"<p>Dear {{name}}, please bring {{child}} on {{day}}.</p>","mustache":true}`))
	ready, faults := Compile(c, "")
	if len(faults) > 0 {
		b.Fatal(faults)
	}
	to := contact("name", "Aida", "child", "Bek", "day", "Tuesday")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ready.For(to, rooms.Email); err != nil {
			b.Fatal(err)
		}
	}
}
