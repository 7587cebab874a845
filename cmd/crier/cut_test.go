package main

import (
	"strings"
	"testing"
)

func TestFileIsCut(t *testing.T) {
	for name, tc := range map[string]struct {
		file  string
		table bool
		most  int
		out   map[int64]bool
		want  []cut
	}{
		"small":         {"\nemail\na\nb\n", true, 2, nil, []cut{{[]byte("\nemail\na\nb\n"), 2, 0}}},
		"table":         {"email\na\nb\nc", true, 2, nil, []cut{{[]byte("email\na\nb\n"), 2, 0}, {[]byte("email\nc"), 1, 2}}},
		"blank lines":   {"\n\nemail\r\na\n\nb\nc\n", true, 2, nil, []cut{{[]byte("email\na\n\nb\n"), 2, 2}, {[]byte("email\nc\n"), 1, 5}}},
		"objects":       {"{1}\n{2}\n{3}\n", false, 1, nil, []cut{{[]byte("{1}\n"), 1, 0}, {[]byte("{2}\n"), 1, 1}, {[]byte("{3}\n"), 1, 2}}},
		"left out":      {"email\na\nb\nc\n", true, 1, map[int64]bool{3: true}, []cut{{[]byte("email\na\n"), 1, 0}, {[]byte("email\n\nc\n"), 1, 1}}},
		"nothing":       {"", true, 1, nil, []cut{{}}},
		"a header only": {"email\n", true, 1, nil, []cut{{[]byte("email\n"), 0, 0}}},
	} {
		got := cutFile([]byte(tc.file), tc.table, tc.most, tc.out)
		if len(got) != len(tc.want) {
			t.Errorf("%s: %d cuts, want %d", name, len(got), len(tc.want))
			continue
		}
		for i, c := range got {
			if w := tc.want[i]; string(c.rows) != string(w.rows) || c.count != w.count || c.before != w.before {
				t.Errorf("%s: %q, %d rows, %d before, want %q, %d, %d", name, c.rows, c.count, c.before, w.rows, w.count, w.before)
			}
		}
	}
}

func TestCutsFitTheGateway(t *testing.T) {
	file := "email;x\n" + strings.Repeat("a@example.com;"+strings.Repeat("x", 1000)+"\n", 8000)
	cuts := cutFile([]byte(file), true, 10_000, nil)
	if len(cuts) != 3 || sum(cuts) != 8000 {
		t.Errorf("%d cuts of %d rows", len(cuts), sum(cuts))
	}
	for _, c := range cuts {
		if len(c.rows) > maxCut+10 {
			t.Errorf("%d bytes", len(c.rows))
		}
	}
}

func TestWhatIsATable(t *testing.T) {
	for _, tc := range []struct {
		name, begin string
		want        bool
	}{{"a.csv", "{", true}, {"a.ndjson", "email", false}, {"-", "email;x", true}, {"-", "\ufeff {\"email\"", false}, {"list", "{", false}} {
		if got := isTable(tc.name, []byte(tc.begin)); got != tc.want {
			t.Errorf("%s %q: %t", tc.name, tc.begin, got)
		}
	}
}
