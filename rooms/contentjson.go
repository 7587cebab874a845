package rooms

import (
	"encoding/json"
	"fmt"
)

// contentForm is the content of a message as it is published and kept.
type contentForm struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
	SMS     string `json:"sms"`
}

// DecodeContent reads the content of a message from the JSON in which it was published:
// {"subject":"…","text":"…","html":"…","sms":"…"}, each of them optional. What it holds was
// checked when it was accepted and is not checked again. Errors wrap ErrText and never repeat
// the input.
func DecodeContent(b []byte) (Content, error) {
	var f contentForm
	if json.Unmarshal(b, &f) != nil {
		return Content{}, fmt.Errorf("%w: a content that cannot be read", ErrText)
	}
	return Content{Subject: NewBody(f.Subject), Text: NewBody(f.Text), HTML: NewBody(f.HTML), SMS: NewBody(f.SMS)}, nil
}
