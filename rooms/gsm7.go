package rooms

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	gsmEscape     = 0x1b
	gsmCodes      = "\x0a\x14\x28\x29\x2f\x3c\x3d\x3e\x40\x65" // of gsmExtension, in its order
	segmentOctets = 140                                        // of user data (3GPP TS 23.040 §9.2.3.24)
)

// EncodeGSM7 writes a text in the default alphabet, one septet in each byte; false if it lacks a character.
func EncodeGSM7(text string) ([]byte, bool) {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if at := gsmPosition(r); at >= 0 {
			out = append(out, byte(at))
			continue
		}
		at := strings.IndexRune(gsmExtension, r)
		if at < 0 || r == utf8.RuneError {
			return nil, false
		}
		out = append(out, gsmEscape, gsmCodes[utf8.RuneCountInString(gsmExtension[:at])])
	}
	return out, true
}

// gsmPosition is where a character stands in the alphabet; -1 if it does not. The place of the escape has no character.
func gsmPosition(r rune) int {
	if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == ' ' {
		return int(r)
	}
	at := strings.IndexRune(gsmAlphabet, r)
	if at < 0 {
		return -1
	}
	n := utf8.RuneCountInString(gsmAlphabet[:at])
	if n >= gsmEscape {
		n++
	}
	return n
}

// DecodeGSM7 reads what EncodeGSM7 writes. What is none of it becomes a replacement character, an unknown escape a space
// (3GPP TS 23.038 §6.2.1.1).
func DecodeGSM7(octets []byte) string {
	alphabet, extension := []rune(gsmAlphabet), []rune(gsmExtension)
	var out strings.Builder
	for i := 0; i < len(octets); i++ {
		switch c := int(octets[i]); {
		case c == gsmEscape:
			i++
			at := -1
			if i < len(octets) {
				at = strings.IndexByte(gsmCodes, octets[i])
			}
			if at < 0 {
				out.WriteByte(' ')
				continue
			}
			out.WriteRune(extension[at])
		case c < gsmEscape:
			out.WriteRune(alphabet[c])
		case c <= len(alphabet):
			out.WriteRune(alphabet[c-1])
		default:
			out.WriteRune(utf8.RuneError)
		}
	}
	return out.String()
}

// EncodeUCS2 writes a text in two bytes a character, the higher first; characters beyond the first plane as two halves.
func EncodeUCS2(text string) []byte {
	out := make([]byte, 0, 2*len(text))
	for _, unit := range utf16.Encode([]rune(text)) {
		out = binary.BigEndian.AppendUint16(out, unit)
	}
	return out
}

// DecodeUCS2 reads what EncodeUCS2 writes; an odd byte at the end is left out.
func DecodeUCS2(octets []byte) string {
	units := make([]uint16, 0, len(octets)/2)
	for ; len(octets) >= 2; octets = octets[2:] {
		units = append(units, binary.BigEndian.Uint16(octets))
	}
	return string(utf16.Decode(units))
}

// SplitSMS cuts a text into segments as MeasureSMS counts them, in one of its encodings, where the header that joins them
// takes so many bytes of each; MeasureSMS counts 6. A text that the encoding cannot write gives none.
func SplitSMS(text string, e Encoding, header int) []string {
	units, alone, joined := gsmUnits, gsmAlone, (segmentOctets-header)*8/7
	if e == UCS2 {
		units, alone, joined = ucs2Units, ucs2Alone, (segmentOctets-header)/2
	}
	m, ok := measure(text, units, alone, joined)
	if !ok || text == "" {
		return nil
	}
	if m.Segments == 1 {
		return []string{text}
	}
	out := make([]string, 0, m.Segments)
	start, used := 0, 0
	for i, r := range text {
		n := units(r)
		if used+n > joined {
			out = append(out, text[start:i])
			start, used = i, 0
		}
		used += n
	}
	return append(out, text[start:])
}
