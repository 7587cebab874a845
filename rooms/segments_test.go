package rooms

import (
	"strings"
	"testing"
)

func TestSegments(t *testing.T) {
	for _, tc := range []struct {
		text string
		want int
	}{
		{"", 0}, {"a", 1}, {strings.Repeat("a", 160), 1}, {strings.Repeat("a", 161), 2}, {strings.Repeat("a", 306), 2}, {strings.Repeat("a", 307), 3},
		{strings.Repeat("€", 80), 1}, {strings.Repeat("€", 81), 2}, {strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), 3},
		{strings.Repeat("ж", 70), 1}, {strings.Repeat("ж", 71), 2}, {strings.Repeat("ж", 134), 2}, {strings.Repeat("ж", 135), 3},
		{strings.Repeat("a", 70) + "ж", 2}, {strings.Repeat("😀", 35), 1}, {strings.Repeat("😀", 36), 2}, {"Ça va? Ñandú~", 1},
	} {
		if got := Segments(tc.text); got != tc.want {
			t.Errorf("%d of %q…: %d segments, want %d", len(tc.text), tc.text[:min(len(tc.text), 10)], got, tc.want)
		}
	}
}
