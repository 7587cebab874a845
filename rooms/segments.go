package rooms

import (
	"strings"
	"unicode/utf16"
)

// Encoding is how the characters of an SMS are written (3GPP TS 23.038).
type Encoding string

// The seven-bit alphabet where it has every character of the text, else two bytes a character.
const (
	GSM7 Encoding = "GSM-7"
	UCS2 Encoding = "UCS-2"
)

// The units that fit an SMS alone, and those left of each where there are several: a header of
// six bytes joins them (3GPP TS 23.040 §9.2.3.24.1).
const (
	gsmAlone, gsmJoined   = 160, 153
	ucs2Alone, ucs2Joined = 70, 67
)

const (
	gsmAlphabet = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtension = "\f^{}\\[~]|€" // each behind an escape
)

// SMSLength is what a text takes as SMS.
type SMSLength struct {
	Encoding Encoding
	Units    int // septets, or pairs of bytes
	Segments int // 0 for no text
}

// Segments is how many SMS a text takes.
func Segments(text string) int { return MeasureSMS(text).Segments }

// MeasureSMS counts what a text takes. No segment ends within a character: neither between an
// escape and what it escapes nor between the halves of a surrogate pair.
func MeasureSMS(text string) SMSLength {
	if m, ok := measure(text, gsmUnits, gsmAlone, gsmJoined); ok {
		m.Encoding = GSM7
		return m
	}
	m, _ := measure(text, ucs2Units, ucs2Alone, ucs2Joined)
	m.Encoding = UCS2
	return m
}

// measure gives false if a character has no units.
func measure(text string, units func(rune) int, alone, joined int) (m SMSLength, ok bool) {
	used := 0 // of the last segment
	for _, r := range text {
		n := units(r)
		if n == 0 {
			return SMSLength{}, false
		}
		if m.Units += n; used+n > joined || m.Segments == 0 {
			m.Segments, used = m.Segments+1, 0
		}
		used += n
	}
	if 0 < m.Units && m.Units <= alone {
		m.Segments = 1
	}
	return m, true
}

func gsmUnits(r rune) int {
	switch {
	case strings.ContainsRune(gsmAlphabet, r):
		return 1
	case strings.ContainsRune(gsmExtension, r):
		return 2
	}
	return 0
}

// ucs2Units counts what is no character as the mark that replaces it.
func ucs2Units(r rune) int { return max(utf16.RuneLen(r), 1) }
