package rooms

import (
	"errors"
	"fmt"
	"maps"
	"slices"
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

	Mustache  bool               // each of them is a template of what is known of the recipient
	Languages map[string]Content // what takes their place for who prefers a language, by its tag in lower case
	Places    []Place            // what takes the place of all that for some; no templates
	Event     bool               // it holds an event, for applications
}

const (
	maxSubject = 997  // characters: a line of 998 (RFC 5322 §2.1.1) less the space of a folded one
	maxSMS     = 1530 // ten segments of GSM 03.38
)

// For says whether there is anything to send on a channel.
func (c Content) For(ch Channel) bool {
	switch ch {
	case Email:
		return !c.Text.IsZero() || !c.HTML.IsZero()
	case Webhook:
		return c.Event || !c.Text.IsZero() || !c.HTML.IsZero() || !c.SMS.IsZero()
	}
	return !c.SMS.IsZero() || !c.Text.IsZero()
}

// ShortText is what an SMS says.
func (c Content) ShortText() Body {
	if !c.SMS.IsZero() {
		return c.SMS
	}
	return c.Text
}

// Plain is what a messaging platform says: the text, or what there is for SMS.
func (c Content) Plain() Body {
	if !c.Text.IsZero() {
		return c.Text
	}
	return c.SMS
}

// ContentEmpty is the code of a content that says nothing.
const ContentEmpty = "content_empty"

// Fault is one thing that is wrong with a request: where (RFC 6901), which, and why in words
// that never repeat the input.
type Fault struct {
	Pointer string
	Code    string
	Detail  string
}

// Check lists what is wrong with the content; pointers are below at.
func (c Content) Check(at string) []Fault {
	faults := c.checkTexts(at)
	if c.Text.IsZero() && c.HTML.IsZero() && c.SMS.IsZero() {
		faults = append(faults, Fault{at, ContentEmpty, "at least one of text, html and sms is needed"})
	}
	for _, language := range slices.Sorted(maps.Keys(c.Languages)) {
		v, at := c.Languages[language], at+"/languages/"+language
		faults = append(faults, v.checkTexts(at)...)
		if v.Subject.IsZero() && v.Text.IsZero() && v.HTML.IsZero() && v.SMS.IsZero() {
			faults = append(faults, Fault{at, ContentEmpty, "at least one of subject, text, html and sms is needed"})
		}
	}
	for i, p := range c.Places {
		faults = append(faults, p.Says.Check(fmt.Sprintf("%s/places/%d", at, i))...)
	}
	return faults
}

func (c Content) checkTexts(at string) (faults []Fault) {
	add := func(field string, err error) {
		if err != nil {
			faults = append(faults, Fault{at + "/" + field, "invalid_text", err.Error()})
		}
	}
	add("subject", checkLine(c.Subject.Reveal(), maxSubject))
	add("text", errors.Join(checkText(c.Text.Reveal()), checkBlank(c.Text)))
	add("html", errors.Join(checkText(c.HTML.Reveal()), checkBlank(c.HTML)))
	add("sms", errors.Join(checkSMS(c.SMS.Reveal()), checkBlank(c.SMS)))
	return faults
}

// In is what is said to somebody who prefers a language: its variant, or that of its primary subtag, or
// what stands for all others. What a variant leaves out is taken from there, but not the text of an e-mail
// to its HTML, or the other way round: they say the same.
func (c Content) In(language string) Content {
	v, ok := c.Languages[c.Variant(language)]
	if !ok {
		v = c
	}
	if v.Subject.IsZero() {
		v.Subject = c.Subject
	}
	if v.Text.IsZero() && v.HTML.IsZero() {
		v.Text, v.HTML = c.Text, c.HTML
	}
	if v.SMS.IsZero() {
		v.SMS = c.SMS
	}
	v.Mustache, v.Languages, v.Places = c.Mustache, nil, nil
	return v
}

// Variant is the key in Languages of the variant for a language; "" if there is none.
func (c Content) Variant(language string) string {
	language = strings.ToLower(language)
	if _, ok := c.Languages[language]; ok {
		return language
	}
	primary, _, _ := strings.Cut(language, "-")
	if _, ok := c.Languages[primary]; ok {
		return primary
	}
	return ""
}

// checkBlank refuses a text that says nothing, though it is there.
func checkBlank(b Body) error {
	if !b.IsZero() && strings.TrimSpace(b.Reveal()) == "" {
		return fmt.Errorf("%w: nothing but white space", ErrText)
	}
	return nil
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
