package rooms

import (
	"strings"
	"unicode/utf16"
)

// The characters of GSM 03.38 (3GPP TS 23.038 §6.2.1) beside the letters and digits of ASCII, and those of its
// extension table, which take two places.
const (
	gsmBasic    = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// Segments is how many parts an SMS of a text has: one of 160 characters of GSM 03.38, or several of 153; with any
// other character, one of 70 UTF-16 units, or several of 67. What takes two places is not divided.
func Segments(text string) int {
	widths, gsm := gsmWidths(text)
	single, several := 160, 153
	if !gsm {
		widths, single, several = unicodeWidths(text), 70, 67
	}
	total := 0
	for _, w := range widths {
		total += w
	}
	if total <= single {
		return min(total, 1)
	}
	segments, left := 1, several
	for _, w := range widths {
		if w > left {
			segments, left = segments+1, several
		}
		left -= w
	}
	return segments
}

// gsmWidths are the places that the characters take, if all of them are in GSM 03.38.
func gsmWidths(text string) (widths []int, ok bool) {
	for _, r := range text {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', strings.ContainsRune(gsmBasic, r):
			widths = append(widths, 1)
		case strings.ContainsRune(gsmExtended, r):
			widths = append(widths, 2)
		default:
			return nil, false
		}
	}
	return widths, true
}

func unicodeWidths(text string) (widths []int) {
	for _, r := range text {
		widths = append(widths, utf16.RuneLen(r))
	}
	return widths
}
