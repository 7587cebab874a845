package request

import (
	"bytes"

	"github.com/govcrier/crier/rooms"
)

// content reads what the message says, checks it, and keeps the bytes as they came.
func (p *messageParser) content() error {
	before := len(p.faults)
	start := int(p.dec.InputOffset())
	var said rooms.Content
	err := p.object(func(name string) error {
		switch name {
		case "subject":
			return p.say(&said.Subject)
		case "text":
			return p.say(&said.Text)
		case "html":
			return p.say(&said.HTML)
		case "sms":
			return p.say(&said.SMS)
		}
		return p.unknown()
	})
	if err != nil || len(p.faults) > before {
		return err
	}
	// Between the name and the object there are only a colon and white space.
	start += bytes.IndexByte(p.body[start:], '{')
	p.m.Content = p.body[start:p.dec.InputOffset()]
	return p.add(said.Check("/content")...)
}

func (p *messageParser) say(to *rooms.Body) error {
	s, _, err := p.text()
	*to = rooms.NewBody(s)
	return err
}
