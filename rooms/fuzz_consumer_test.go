package rooms

import (
	"strings"
	"testing"
)

func FuzzParseConsumerID(f *testing.F) {
	f.Add("app_new_born_" + string(OwnerOf("clinic-4")) + "_my_ledger")
	f.Add("app__" + string(OwnerOf("x")) + "_")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseConsumerID(s)
		if err != nil {
			return
		}
		if id.String() != s || strings.ContainsAny(s, ".*> ") {
			t.Errorf("%q is read as %q", s, id)
		}
	})
}

func FuzzParseStart(f *testing.F) {
	for _, s := range []string{"all", "new", "sequence 7", "time 2026-11-22T12:00:00Z", "sequence 0", "time x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if start, err := ParseStart(s); err == nil && start.String() != s {
			t.Errorf("%q is read as %q", s, start)
		}
	})
}

func FuzzParseURL(f *testing.F) {
	for _, s := range []string{
		"https://app.example.org/crier?x=1", "https://u:p@h/", "http://127.0.0.1/", "https://[::1]:8443/", "https://a.example\r\nHost: b/", "https://0x7f.1/",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseURL(s)
		if err != nil {
			if s != "" && len(s) > 8 && strings.Contains(err.Error(), s) {
				t.Error("the refusal repeats the input")
			}
			return
		}
		if strings.ContainsAny(a.Reveal(), " \r\n\t#") || strings.Contains(strings.SplitN(a.Reveal(), "/", 4)[2], "@") {
			t.Errorf("%q is taken", a.Reveal())
		}
		if again, err := ParseURL(a.Reveal()); err != nil || again.Same() != a.Same() {
			t.Errorf("%q does not come back: %v", a.Reveal(), err)
		}
	})
}
