package whatsapp

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/govcrier/crier/rooms"
)

const (
	maxText   = 4096 // characters of a text
	noContent = "no-content"
)

// message is a call of messages.
type message struct {
	Product  string        `json:"messaging_product"`
	Kind     string        `json:"recipient_type"`
	To       string        `json:"to"`
	Type     string        `json:"type"`
	Text     *text         `json:"text,omitempty"`
	Template *templateForm `json:"template,omitempty"`
	Token    string        `json:"biz_opaque_callback_data,omitempty"`
}

type text struct {
	Preview bool   `json:"preview_url"`
	Body    string `json:"body"`
}

type templateForm struct {
	Name       string      `json:"name"`
	Language   language    `json:"language"`
	Components []component `json:"components,omitempty"`
}

type language struct {
	Code string `json:"code"`
}

type component struct {
	Type       string      `json:"type"`
	Parameters []parameter `json:"parameters"`
}

type parameter struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// compose makes the message of a delivery, or says in a word why there is none.
func (o Options) compose(d rooms.Delivery) (m message, code string) {
	said := strings.TrimSpace(strings.Map(shown, d.Content.Plain().Reveal()))
	if said == "" {
		return m, noContent
	}
	m = message{Product: "whatsapp", Kind: "individual", To: d.To.Address.Reveal(), Token: d.Token}
	if t, ok := o.template(d); ok {
		m.Type = "template"
		m.Template, code = t.fill(d)
		return m, code
	}
	if subject := inLine(d.Content.Subject.Reveal()); subject != "" {
		said = subject + "\n\n" + said
	}
	if utf8.RuneCountInString(said) > maxText {
		return m, "too-long"
	}
	m.Type, m.Text = "text", &text{Body: said}
	return m, ""
}

// template is the first that fits.
func (o Options) template(d rooms.Delivery) (Template, bool) {
	primary, _, _ := strings.Cut(d.To.Language, "-")
	for _, t := range o.Templates {
		speaks := t.Language == "" || strings.EqualFold(t.Language, d.To.Language) || strings.EqualFold(t.Language, primary)
		if speaks && (t.Room == "" || t.Room == string(d.Room)) && (t.Type == "" || t.Type == string(d.Type)) {
			return t, true
		}
	}
	return Template{}, false
}

// fill has the parameters of a template be those of a delivery; none may be empty.
func (t Template) fill(d rooms.Delivery) (*templateForm, string) {
	f := &templateForm{Name: t.Name, Language: language{t.code()}}
	for _, part := range []struct {
		kind  string
		names []string
	}{{"header", t.Header}, {"body", t.Body}} {
		if len(part.names) == 0 {
			continue
		}
		c := component{Type: part.kind}
		for _, name := range part.names {
			value := inLine(valueOf(d, name))
			if value == "" {
				return nil, "parameter-missing"
			}
			c.Parameters = append(c.Parameters, parameter{"text", value})
		}
		f.Components = append(f.Components, c)
	}
	return f, ""
}

// valueOf is what a parameter stands for.
func valueOf(d rooms.Delivery, name string) string {
	switch name {
	case "subject":
		return d.Content.Subject.Reveal()
	case "text":
		return d.Content.Plain().Reveal()
	case "sms":
		return d.Content.ShortText().Reveal()
	case "name":
		return d.To.Name.Reveal()
	}
	value := d.To.Values[strings.TrimPrefix(name, "value.")]
	return value.Reveal()
}

// shown drops what no screen shows, and keeps lines.
func shown(r rune) rune {
	if unicode.IsControl(r) && r != '\n' && r != '\t' {
		return -1
	}
	return r
}

// inLine is a text in one line with single spaces.
func inLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }), " ")
}
