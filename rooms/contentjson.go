package rooms

import (
	"encoding/json"
	"fmt"
	"strings"
)

// variantForm is what a content says in one language.
type variantForm struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
	SMS     string `json:"sms"`
}

// contentForm is the content of a message as it is published and kept.
type contentForm struct {
	variantForm
	Mustache  bool                   `json:"mustache"`
	Languages map[string]variantForm `json:"languages"`
	Places    []placeForm            `json:"places"`
	Event     json.RawMessage        `json:"event"`
}

// placeForm is what is said to an audience.
type placeForm struct {
	Audience Audience `json:"audience"`
	variantForm
	Languages map[string]variantForm `json:"languages"`
}

// DecodeContent reads the content of a message from the JSON in which it was published:
// {"subject":"…","text":"…","html":"…","sms":"…","mustache":true,"languages":{"ky":{"text":"…"}}},
// each of them optional, or an event in its place: {"event":{…}}. Of an alert it may have "places" too:
// [{"audience":{"district":["hills"]},"text":"…","languages":{…}}]. What it holds was checked when it was accepted and is not checked again.
// Errors wrap ErrText and never repeat the input.
func DecodeContent(b []byte) (Content, error) {
	var f contentForm
	if json.Unmarshal(b, &f) != nil {
		return Content{}, fmt.Errorf("%w: a content that cannot be read", ErrText)
	}
	c := f.content()
	c.Mustache, c.Event = f.Mustache, len(f.Event) > 0
	c.Languages = languages(f.Languages)
	for _, p := range f.Places {
		said := p.content()
		said.Languages = languages(p.Languages)
		c.Places = append(c.Places, Place{p.Audience, said})
	}
	return c, nil
}

func languages(all map[string]variantForm) map[string]Content {
	if len(all) == 0 {
		return nil
	}
	out := make(map[string]Content, len(all))
	for language, v := range all {
		out[strings.ToLower(language)] = v.content()
	}
	return out
}

func (f variantForm) content() Content {
	return Content{Subject: NewBody(f.Subject), Text: NewBody(f.Text), HTML: NewBody(f.HTML), SMS: NewBody(f.SMS)}
}
