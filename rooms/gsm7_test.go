package rooms

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestGSM7AgainstTheTable(t *testing.T) {
	for text, want := range map[string]string{
		"@£$¥": "\x00\x01\x02\x03", "Ξ": "\x1a", "Æ": "\x1c", "É": "\x1f", " a": "\x20\x61", "à": "\x7f", "¿": "\x60", "Ä": "\x5b", "¡": "\x40",
		"§": "\x5f", "_": "\x11", "€": "\x1b\x65", "[~]": "\x1b\x3c\x1b\x3d\x1b\x3e", "\f": "\x1b\x0a", "\\": "\x1b\x2f", "{}": "\x1b\x28\x1b\x29",
		"^|": "\x1b\x14\x1b\x40", "\r\n": "\x0d\x0a",
	} {
		got, ok := EncodeGSM7(text)
		if !ok || string(got) != want {
			t.Errorf("%q is %x, want %x", text, got, want)
		}
	}
	if back := DecodeGSM7([]byte{gsmEscape, 0x65, gsmEscape, 0x7f, 'a', 0x80, gsmEscape}); back != "€ a\ufffd " {
		t.Errorf("decoded %q", back)
	}
	for _, none := range []string{"ө", "“", "\ufffd", "\xff", "\x1b"} {
		if _, ok := EncodeGSM7(none); ok {
			t.Errorf("%q was encoded", none)
		}
	}
}

// Whatever is split is as many segments as were counted, each fits, and together they are the text.
func FuzzSplitSMS(f *testing.F) {
	f.Add(strings.Repeat("a", 152)+"€"+strings.Repeat("b", 152), true)
	f.Add(strings.Repeat("ө", 66)+"😀"+strings.Repeat("ө", 66), false)
	f.Add("@ÄÖ{ü}à", true)
	f.Add("\xff", false)
	f.Fuzz(func(t *testing.T, text string, gsm bool) {
		m := MeasureSMS(text)
		parts := SplitSMS(text, m.Encoding, 6)
		if len(parts) != m.Segments {
			t.Fatalf("%d parts, %d were counted", len(parts), m.Segments)
		}
		if strings.Join(parts, "") != text {
			t.Fatal("the parts are not the text")
		}
		for _, header := range []int{6, 7} {
			for _, part := range SplitSMS(text, m.Encoding, header) {
				fits(t, part, m.Encoding, header, len(parts) == 1)
			}
		}
		if octets, ok := EncodeGSM7(text); ok != (m.Encoding == GSM7) || ok && DecodeGSM7(octets) != text {
			t.Errorf("%q comes back as %q, %v", text, DecodeGSM7(octets), ok)
		}
		if utf8.ValidString(text) && DecodeUCS2(EncodeUCS2(text)) != text {
			t.Errorf("%q does not come back", text)
		}
	})
}

func fits(t *testing.T, part string, e Encoding, header int, alone bool) {
	t.Helper()
	octets := len(EncodeUCS2(part))
	if e == GSM7 {
		septets, _ := EncodeGSM7(part)
		octets = (7*len(septets) + 7) / 8
	}
	if alone {
		header = 0
	}
	if octets > segmentOctets-header && (header != 7 || octets > segmentOctets) {
		t.Errorf("a part takes %d octets beside a header of %d", octets, header)
	}
}
