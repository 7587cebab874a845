package webpush

import (
	"cmp"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/rooms"
)

const (
	maxTitle = 200 // characters
	ellipsis = "…"
)

// notification is what a service worker gets.
type notification struct {
	Title    string     `json:"title"`
	Body     string     `json:"body"`
	Tag      string     `json:"tag"`
	Room     rooms.Room `json:"room"`
	Type     rooms.Type `json:"type,omitzero"`
	Lane     rooms.Lane `json:"lane"`
	Language string     `json:"lang,omitzero"`
	URL      string     `json:"url,omitzero"`
	Exercise bool       `json:"exercise,omitzero"`
}

// payload is a delivery as a service worker gets it, not longer than a push service takes.
func payload(d rooms.Delivery, page string) ([]byte, error) {
	n := notification{
		Title: titleOf(d), Tag: tagOf(d.ID), Room: d.Room, Type: d.Type, Lane: d.Lane,
		Language: d.To.Language, URL: page, Exercise: d.Exercise,
	}
	return fit(n, d.Content.Plain().Reveal(), maxPlain)
}

// titleOf is what stands above a notification: one line.
func titleOf(d rooms.Delivery) string {
	title := cmp.Or(d.Content.Subject.Reveal(), d.Sender.Organisation, string(d.Room))
	title = strings.Join(strings.Fields(title), " ")
	if utf8.RuneCountInString(title) > maxTitle {
		title = string([]rune(title)[:maxTitle-1]) + ellipsis
	}
	return title
}

// tagOf names a delivery.
func tagOf(id rooms.DeliveryID) string { return fmt.Sprintf("%s-%d", id.UMID, id.N) }

// fit writes a notification with as much of its text as fits.
func fit(n notification, text string, limit int) ([]byte, error) {
	write := func(body string) ([]byte, error) {
		n.Body = body
		return json.Marshal(n)
	}
	out, err := write(text)
	if err != nil || len(out) <= limit {
		return out, err
	}
	ends := cuts(text, limit)
	most := sort.Search(len(ends), func(i int) bool {
		out, err := write(text[:ends[i]] + ellipsis)
		return err != nil || len(out) > limit
	})
	if most == 0 {
		return nil, fmt.Errorf("webpush: there is no room for a text")
	}
	return write(text[:ends[most-1]] + ellipsis)
}

// cuts are where a text can end without parting a character, up to a length.
func cuts(text string, limit int) []int {
	var ends []int
	for at := range text {
		if at > limit {
			break
		}
		ends = append(ends, at)
	}
	return ends
}
