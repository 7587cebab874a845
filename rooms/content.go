package rooms

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Content is what a message says, for each channel.
type Content struct {
	Subject Body // e-mail only, one line
	Text    Body // e-mail, and SMS where SMS is zero
	HTML    Body // e-mail, beside Text
	SMS     Body // SMS only
}

const (
	maxSubject = 997  // characters: a line of 998 (RFC 5322 §2.1.1) less the space of a folded one
	maxSMS     = 1530 // ten segments of GSM 03.38
)

// For says whether there is anything to send on a channel.
func (c Content) For(ch Channel) bool {
	if ch == SMS {
		return !c.SMS.IsZero() || !c.Text.IsZero()
	}
	if ch == Webhook {
		return !c.Text.IsZero() || !c.HTML.IsZero() || !c.SMS.IsZero()
	}
	return !c.Text.IsZero() || !c.HTML.IsZero()
}

// ShortText is what an SMS says.
func (c Content) ShortText() Body {
	if !c.SMS.IsZero() {
		return c.SMS
	}
	return c.Text
}

// Fault is one thing that is wrong with a request: where (RFC 6901), which, and why in words
// that never repeat the input.
type Fault struct {
	Pointer string
	Code    string
	Detail  string
}

// Check lists what is wrong with the content; pointers are below at.
func (c Content) Check(at string) []Fault {
	var faults []Fault
	add := func(field string, err error) {
		if err != nil {
			faults = append(faults, Fault{at + "/" + field, "invalid_text", err.Error()})
		}
	}
	add("subject", checkLine(c.Subject.Reveal(), maxSubject))
	add("text", checkText(c.Text.Reveal()))
	add("html", checkText(c.HTML.Reveal()))
	add("sms", checkSMS(c.SMS.Reveal()))
	if c.Text.IsZero() && c.HTML.IsZero() && c.SMS.IsZero() {
		faults = append(faults, Fault{at, "content_empty", "at least one of text, html and sms is needed"})
	}
	return faults
}

func checkSMS(s string) error {
	if utf8.RuneCountInString(s) > maxSMS {
		return fmt.Errorf("%w: more than %d characters", ErrText, maxSMS)
	}
	return checkText(s)
}

// checkText accepts several lines: of the control characters only tab, CR and LF.
func checkText(s string) error {
	bad := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }
	if !utf8.ValidString(s) || strings.ContainsFunc(s, bad) {
		return fmt.Errorf("%w: control characters other than tab and line breaks are not allowed", ErrText)
	}
	return nil
}
