package matrix

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/rooms"
)

const (
	typeMessage   = "m.room.message"
	typeMember    = "m.room.member"
	typeEncrypted = "m.room.encrypted"
	msgText       = "m.text"
	msgNotice     = "m.notice"
)

// maxContent leaves of the 65,536 bytes that an event may have (Matrix specification, size limits) enough for what servers add.
const maxContent = 56_000

// message is the content of an event of ours.
type message struct {
	MsgType   string `json:"msgtype"`
	Body      string `json:"body"`
	Format    string `json:"format,omitzero"`
	Formatted string `json:"formatted_body,omitzero"`
	Attempt   string `json:"org.crier.attempt,omitzero"` // token of the attempt
}

// compose makes the content of a delivery's event, without the HTML if it is too long; false if even that is.
func (o Options) compose(d rooms.Delivery) (message, bool) {
	m := message{MsgType: msgText, Body: d.Content.Plain().Reveal(), Attempt: d.Token}
	if o.Notices == NoticesAll || o.Notices == NoticesBulk && d.Lane == rooms.Bulk {
		m.MsgType = msgNotice
	}
	if html := d.Content.HTML.Reveal(); isPiece(html) {
		m.Format, m.Formatted = "org.matrix.custom.html", html
		if fits(m) {
			return m, true
		}
		m.Format, m.Formatted = "", ""
	}
	return m, fits(m)
}

func fits(m message) bool {
	b, err := json.Marshal(m, jsontext.AllowInvalidUTF8(true))
	return err == nil && len(b) <= maxContent
}

// isPiece holds for HTML that can stand in a conversation: no page of its own, and nothing that clients would show as text.
func isPiece(html string) bool {
	if strings.TrimSpace(html) == "" {
		return false
	}
	low := strings.ToLower(html)
	for _, page := range []string{"<!doctype", "<html", "<head", "<body", "<style", "<script"} {
		if strings.Contains(low, page) {
			return false
		}
	}
	return true
}
