package templates

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/govcrier/crier/rooms"
)

// ErrTooLong says that what would be said is more than a content may say, or no text that it may hold.
var ErrTooLong = errors.New("templates: too long, or no text")

// MissingError says that a content asks for values that a person does not have. It names them, and nothing else.
type MissingError struct{ Names []string }

// Error is for the log, and names nothing.
func (e *MissingError) Error() string { return "templates: values are missing" }

// Content is a content of which the templates are compiled, in every language. It may be used by many at once.
type Content struct {
	as       rooms.Content
	variants map[string]*variant // by language in lower case; "" for all others
}

// variant are the texts that there are; nil for none.
type variant struct{ subject, text, html, sms *template }

// Asks says whether what is said depends on what is known of a person.
func (c *Content) Asks() bool { return c.as.Mustache }

// Compile makes ready to say a content, or lists what is wrong with its templates; pointers are below at. A content without
// templates is taken as it is.
func Compile(c rooms.Content, at string) (*Content, []rooms.Fault) {
	out := &Content{as: c}
	if !c.Mustache {
		return out, nil
	}
	v, faults := compileVariant(c.In(""), at)
	out.variants = map[string]*variant{"": v}
	for _, language := range slices.Sorted(maps.Keys(c.Languages)) {
		// What it takes from the others has been found wrong there.
		_, more := compileVariant(c.Languages[language], at+"/languages/"+language)
		faults = append(faults, more...)
		out.variants[language], _ = compileVariant(c.In(language), "")
	}
	return out, faults
}

func compileVariant(c rooms.Content, at string) (*variant, []rooms.Fault) {
	var v variant
	var faults []rooms.Fault
	for _, f := range []struct {
		name string
		text rooms.Body
		html bool
		to   **template
	}{
		{"subject", c.Subject, false, &v.subject}, {"text", c.Text, false, &v.text},
		{"html", c.HTML, true, &v.html}, {"sms", c.SMS, false, &v.sms},
	} {
		if f.text.IsZero() {
			continue
		}
		t, err := parse(f.text.Reveal(), f.html)
		if err != nil {
			faults = append(faults, rooms.Fault{Pointer: at + "/" + f.name, Code: "invalid_template", Detail: err.Error()})
			continue
		}
		*f.to = t
	}
	return &v, faults
}

// For is what is said to a person on a channel: of e-mail subject, text and HTML, of SMS its text alone, of a platform the
// same as of e-mail, with the text of SMS where there is no other. Its errors are *MissingError and ErrTooLong. What
// applications get is not said to anybody and stays as it was published.
func (c *Content) For(to rooms.Contact, channel rooms.Channel) (rooms.Content, error) {
	if channel == rooms.Webhook {
		return c.as, nil
	}
	if !c.as.Mustache {
		return c.as.To(to), nil
	}
	v, values := c.variants[c.as.Variant(to.Language)], valuesOf(to)
	switch {
	case channel == rooms.SMS && v.sms == nil:
		return say(values, variant{sms: v.text})
	case channel == rooms.SMS:
		return say(values, variant{sms: v.sms})
	case channel == rooms.Email || v.text != nil:
		return say(values, variant{subject: v.subject, text: v.text, html: v.html})
	}
	return say(values, variant{subject: v.subject, html: v.html, sms: v.sms})
}

// Has says whether there is a text for somebody on a channel, whatever comes of it.
func (c *Content) Has(to rooms.Contact, channel rooms.Channel) bool {
	return c.as.To(to).For(channel)
}

func say(values map[string]string, v variant) (out rooms.Content, err error) {
	var asked []string
	for _, t := range []*template{v.subject, v.text, v.html, v.sms} {
		if t != nil {
			asked = missing(t.tags, values, asked)
		}
	}
	if len(asked) > 0 {
		return out, &MissingError{asked}
	}
	var errs [4]error
	out.Subject, errs[0] = v.subject.render(values)
	out.Text, errs[1] = v.text.render(values)
	out.HTML, errs[2] = v.html.render(values)
	out.SMS, errs[3] = v.sms.render(values)
	if errors.Join(errs[:]...) != nil {
		return rooms.Content{}, ErrTooLong
	}
	for _, text := range []*rooms.Body{&out.Text, &out.HTML, &out.SMS} {
		if strings.TrimSpace(text.Reveal()) == "" {
			*text = rooms.Body{} // it says nothing
		}
	}
	for _, f := range out.Check("") {
		if f.Code != rooms.ContentEmpty {
			return rooms.Content{}, ErrTooLong
		}
	}
	return out, nil
}
