package rooms_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/govcrier/crier/rooms"
)

func TestAddresses(t *testing.T) {
	long := strings.Repeat("a", 64)
	domain := strings.Repeat(strings.Repeat("d", 61)+".", 3) + "ch"
	for _, tc := range []struct {
		channel         rooms.Channel
		accept, decline []string
	}{
		{rooms.Email, []string{"a@example.com", "a.b+tag@x-y.example", "żółw@example.pl", "a@bücher.example", long + "@example.com", long + "@d" + domain, "a@1.example", "ÄK@e\u0301.example"},
			[]string{"", "a", "@example.com", "a@", "a@localhost", "a@example.", "a@.example", "a@-x.example", "a@x-.example",
				"a@" + long + ".example", long + "a@example.com", long + "@dd" + domain, "a..b@example.com", ".a@example.com",
				"A <a@example.com>", `"a b"@example.com`, "a@[127.0.0.1]", "a(c)@example.com", "a@b@example.com", "a,b@example.com",
				"a@example.com\r\nRCPT TO:<x@example.com>", "a\u00a0b@example.com", "a\u2028@example.com", "a@exa mple.com", "a\x00@example.com", "a\xff@example.com", "a@exam_ple.com",
				"a@127.0.0.1", "a@example.1", "\u202ea@example.com", "a\u200b@example.com", "a\ufeff@example.com", "a\ufffe@example.com", "a\ue000@example.com",
				"\u212aim@example.com", "kim@ban\u212a.example", "\u0130ki@example.com", "a@\u0301e.example", "a@example.\u0301com"}},
		{rooms.SMS, []string{"+1234567", "+996555000111", "+123456789012345"},
			[]string{"", "+", "+123456", "+1234567890123456", "996555000111", "+0996555000", "+99 6555000", "+99655500o111", "+996\n55000111", "+٩٩٦٥٥٥٠٠٠"}},
		{"fax", nil, []string{"a@example.com", "+1234567"}},
	} {
		for _, s := range tc.accept {
			if a, err := rooms.ParseAddress(tc.channel, s); err != nil || a.Reveal() != s || a.IsZero() {
				t.Errorf("%s %q: %v", tc.channel, s, err)
			}
		}
		for _, s := range tc.decline {
			if _, err := rooms.ParseAddress(tc.channel, s); !errors.Is(err, rooms.ErrAddress) {
				t.Errorf("%s %q: %v, want ErrAddress", tc.channel, s, err)
			}
		}
	}
}

func TestCaseDoesNotTellMailboxesApart(t *testing.T) {
	a, errA := rooms.ParseEmail("Ada@Example.COM")
	b, errB := rooms.ParseEmail("ada@example.com")
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	if a.Same() != b.Same() || a.Reveal() == b.Reveal() {
		t.Error("they are to be compared as the same and written as given")
	}
}

func TestPersonNames(t *testing.T) {
	for s, want := range map[string]error{
		"": nil, "Ада Lovelace": nil, strings.Repeat("ä", 200): nil, strings.Repeat("ä", 201): rooms.ErrText,
		"a\r\nBcc: x": rooms.ErrText, "a\x00": rooms.ErrText, "a\u2028b": rooms.ErrText, "\xff": rooms.ErrText,
	} {
		if _, err := rooms.ParsePersonName(s); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", s, err, want)
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"a@example.com", "+996555000111", "żółw@bücher.pl", `"a"@b.c`, "a@b\r\n.c", "a@[::1]", "=?utf-8?q?a?=@b.c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range rooms.Channels() {
			a, err := rooms.ParseAddress(c, s)
			if err != nil {
				if len(s) > 6 && strings.Contains(err.Error(), s) {
					t.Errorf("the refusal repeats the input: %v", err)
				}
				continue
			}
			if a.Reveal() != s && c != rooms.WebPush || strings.ContainsFunc(s, forbidden) {
				t.Errorf("%s: %q was accepted as %q", c, s, a.Reveal())
			}
			again, err := rooms.DecodeContact(rooms.Contact{Channel: c, Address: a}.Encode())
			if err != nil || again.Address.Reveal() != s {
				t.Errorf("%s: %q came back from its form changed: %v", c, s, err)
			}
		}
	})
}

// forbidden are the characters that would mean something to a mail or message protocol.
func forbidden(r rune) bool {
	return unicode.IsControl(r) || unicode.IsSpace(r) || strings.ContainsRune(`<>()[]",;:\`, r)
}
