package rooms_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms"
)

func content(subject, text, html, sms string) rooms.Content {
	return rooms.Content{Subject: rooms.NewBody(subject), Text: rooms.NewBody(text), HTML: rooms.NewBody(html), SMS: rooms.NewBody(sms)}
}

func TestContentCheck(t *testing.T) {
	for _, tc := range []struct {
		content rooms.Content
		want    []string // pointer and code
	}{
		{content("S", "T\r\n\tt", "<p>ü</p>\n", "M\nm"), nil},
		{content(strings.Repeat("ä", 997), "T", "", strings.Repeat("ä", 1530)), nil},
		{content("S", "", "", ""), []string{"/content content_empty"}},
		{content("", "", "", ""), []string{"/content content_empty"}},
		{content(strings.Repeat("s", 998), "T", "", ""), []string{"/content/subject invalid_text"}},
		{content("S", " \n\t\u00a0", "\n", " "), []string{"/content/text invalid_text", "/content/html invalid_text", "/content/sms invalid_text"}},
		{content("S\r\nBcc: x", "T", "", ""), []string{"/content/subject invalid_text"}},
		{content("S\u2029", "T", "", ""), []string{"/content/subject invalid_text"}},
		{content("", "a\x00", "a\x1b", strings.Repeat("m", 1531)), []string{"/content/text invalid_text", "/content/html invalid_text", "/content/sms invalid_text"}},
		{content("\xff", "\xff", "", "\x7f"), []string{"/content/subject invalid_text", "/content/text invalid_text", "/content/sms invalid_text"}},
	} {
		var got []string
		for _, f := range tc.content.Check("/content") {
			got = append(got, f.Pointer+" "+f.Code)
			if f.Detail == "" || strings.Contains(f.Detail, "Bcc") {
				t.Errorf("detail %q", f.Detail)
			}
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("faults %q, want %q", got, tc.want)
		}
	}
}

func TestContentForAChannel(t *testing.T) {
	for _, tc := range []struct {
		content    rooms.Content
		email, sms bool
		short      string
	}{
		{content("S", "", "", ""), false, false, ""},
		{content("", "T", "", ""), true, true, "T"},
		{content("", "", "H", ""), true, false, ""},
		{content("", "", "", "M"), false, true, "M"},
		{content("", "T", "H", "M"), true, true, "M"},
	} {
		c := tc.content
		if c.For(rooms.Email) != tc.email || c.For(rooms.SMS) != tc.sms || c.ShortText().Reveal() != tc.short {
			t.Errorf("email %v, sms %v, short %q; want %v, %v, %q", c.For(rooms.Email), c.For(rooms.SMS), c.ShortText().Reveal(), tc.email, tc.sms, tc.short)
		}
	}
}
