package request

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// checkLine accepts one line of at most so many characters.
func checkLine(s string, most int) error {
	if utf8.RuneCountInString(s) > most {
		return fmt.Errorf("at most %d characters", most)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }) {
		return errors.New("one line without control characters")
	}
	return nil
}

// checkPrintable accepts printable characters and spaces in one line.
func checkPrintable(s string, least, most int) error {
	if n := utf8.RuneCountInString(s); n < least || n > most {
		return fmt.Errorf("%d to %d characters", least, most)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return errors.New("printable characters in one line")
	}
	return nil
}

// parseTime accepts a date as RFC 3339 writes it.
func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || s[len("2026-12-01T09")] != ':' || strings.Contains(s, ",") { // Parse takes 9:00 and ,5 as well
		return time.Time{}, errors.New("a date and time as in RFC 3339, with zone, such as 2026-12-01T09:00:00+06:00")
	}
	return t.UTC(), nil
}
