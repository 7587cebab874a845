package request

import (
	"bytes"
	"fmt"
	"strings"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/templates"
)

// maxLanguages is how many variants a content may have.
const maxLanguages = 50

// content reads what the message says, checks it, and keeps the bytes as they came.
func (p *messageParser) content() error {
	before := len(p.faults)
	start := int(p.dec.InputOffset())
	var said rooms.Content
	err := p.object(func(name string) error {
		switch name {
		case "mustache":
			return p.flag(&said.Mustache)
		case "languages":
			return p.languages(&said)
		}
		return p.say(&said, name)
	})
	if err != nil || len(p.faults) > before {
		return err
	}
	// Between the name and the object there are only a colon and white space.
	start += bytes.IndexByte(p.body[start:], '{')
	p.m.Content = p.body[start:p.dec.InputOffset()]
	ready, faults := templates.Compile(said, "/content")
	p.m.Said = ready
	return p.add(append(said.Check("/content"), faults...)...)
}

// languages reads the variants of a content.
func (p *messageParser) languages(said *rooms.Content) error {
	said.Languages = map[string]rooms.Content{}
	return p.object(func(name string) error {
		if _, err := rooms.ParseLanguage(name); err != nil {
			return p.refuse(v1.FaultCodeInvalidName, err.Error())
		}
		language := strings.ToLower(name)
		if _, ok := said.Languages[language]; ok {
			return p.refuse(v1.FaultCodeDuplicateEntry, "this language stands here twice")
		}
		if len(said.Languages) == maxLanguages {
			return p.refuse(v1.FaultCodeTooMany, fmt.Sprintf("at most %d languages", maxLanguages))
		}
		var v rooms.Content
		err := p.object(func(name string) error { return p.say(&v, name) })
		said.Languages[language] = v
		return err
	})
}

// refuse notes what is wrong with the name that was read last, and passes over its value.
func (p *messageParser) refuse(code v1.FaultCode, detail string) error {
	if err := p.fault(code, detail); err != nil {
		return err
	}
	return p.skip()
}

// say reads one of the texts of a content.
func (p *messageParser) say(said *rooms.Content, name string) error {
	switch name {
	case "subject":
		return p.read(&said.Subject)
	case "text":
		return p.read(&said.Text)
	case "html":
		return p.read(&said.HTML)
	case "sms":
		return p.read(&said.SMS)
	}
	return p.unknown()
}

func (p *messageParser) read(to *rooms.Body) error {
	s, _, err := p.text()
	*to = rooms.NewBody(s)
	return err
}
