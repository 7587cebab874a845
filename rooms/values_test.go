package rooms

import (
	"errors"
	"strings"
	"testing"
)

func TestLanguages(t *testing.T) {
	for _, good := range []string{"ky", "zh-Hans", "de-CH-1996", "sr-Latn-RS", "es-419", "tlh"} {
		if got, err := ParseLanguage(good); err != nil || got != good {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "k", "k1", "ky_KG", "ky-", "-ky", "ky--KG", "abcdefghi", "ky-abcdefghi", "ky\n", "кы", "en-" + strings.Repeat("abcdefg-", 5) + "a"} {
		if _, err := ParseLanguage(bad); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestValues(t *testing.T) {
	for _, good := range []string{"a", "child_1", strings.Repeat("a", 40)} {
		if _, err := ParseValueName(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "1a", "_a", "A", "a-b", "a.b", "a b", "ä", strings.Repeat("a", 41)} {
		if _, err := ParseValueName(bad); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for text, ok := range map[string]bool{"": true, "=1+1": true, strings.Repeat("ы", 1000): true, strings.Repeat("ы", 1001): false, "a\nb": false, "a\u2028b": false, "\xff": false} {
		if _, err := ParseValue(text); (err == nil) != ok {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	if CheckValues(100) != nil || CheckValues(101) == nil {
		t.Error("not a hundred")
	}
}
