package rooms

import (
	"fmt"
	"strings"
)

const (
	maxLanguage  = 35   // RFC 5646 §4.4.1
	maxSubtag    = 8    // RFC 5646 §2.1
	maxValues    = 100  // of one person
	maxValueName = 40   // characters
	maxValue     = 1000 // characters
)

// ParseLanguage accepts the tag of a language, such as "ky" or "zh-Hans" (BCP 47). Its subtags are not
// looked up.
func ParseLanguage(s string) (string, error) {
	subtags := strings.Split(s, "-")
	if len(s) > maxLanguage || len(subtags[0]) < 2 || !all(subtags[0], isLetter) {
		return "", fmt.Errorf("%w: a language is a tag such as ky or zh-Hans (BCP 47)", ErrName)
	}
	for _, t := range subtags {
		if t == "" || len(t) > maxSubtag || !all(t, isLetterOrDigit) {
			return "", fmt.Errorf("%w: a language is a tag such as ky or zh-Hans (BCP 47)", ErrName)
		}
	}
	return s, nil
}

// ParseValueName accepts the name under which a content finds what is known of a person.
func ParseValueName(s string) (string, error) {
	if s == "" || len(s) > maxValueName || s[0] < 'a' || s[0] > 'z' || !all(s, isName) || strings.Contains(s, "-") {
		return "", fmt.Errorf("%w: a value's name has 1 to %d of a-z, 0-9 and '_', and begins with a letter", ErrName, maxValueName)
	}
	return s, nil
}

// ParseValue accepts what is known of a person: one line, so that it can stand in a subject.
func ParseValue(s string) (Body, error) {
	return NewBody(s), checkLine(s, maxValue)
}

// CheckValues says whether one person may have so many values.
func CheckValues(n int) error {
	if n > maxValues {
		return fmt.Errorf("%w: more than %d values", ErrText, maxValues)
	}
	return nil
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isLetterOrDigit(c byte) bool { return isLetter(c) || '0' <= c && c <= '9' }
