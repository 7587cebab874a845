package replies

import (
	"context"
	"errors"
	"strings"

	"github.com/govcrier/crier/rooms"
)

// confirm takes a text that is nothing but a code, in one of the rooms whose address it came to, from the one who was asked there. So a
// person subscribes within one conversation. What is nobody's code is a reply.
func (d *Desk) confirm(ctx context.Context, in rooms.Inbound, p place) (done bool, err error) {
	code := codeIn(in.Text.Reveal())
	if code == "" || p.own || len(p.claims) == 0 || in.From.IsZero() || in.Kind != rooms.InboundReply {
		return false, nil
	}
	among := make([]rooms.Room, len(p.claims))
	for i, r := range p.claims {
		among[i] = r.Name
	}
	room, err := d.People.Confirm(ctx, among, sender(in), code)
	switch {
	case errors.Is(err, ErrNobody):
		return false, nil
	case err != nil:
		return false, err
	}
	d.note("confirm", room, p)
	d.count(in, "confirm")
	return true, nil
}

// codeIn is the code that a text is, also behind START, as the link to a bot has it; empty if it is none.
func codeIn(text string) string {
	said := strings.Fields(strings.ToUpper(text))
	if len(said) == 2 && said[0] == "START" {
		said = said[1:]
	}
	if len(said) != 1 {
		return ""
	}
	code, ok := rooms.ParseCode(said[0])
	if !ok {
		return ""
	}
	return code
}

// wrote notes that somebody is there, where the platform has said so; elsewhere anybody can write in anybody's name.
func (d *Desk) wrote(ctx context.Context, in rooms.Inbound) error {
	if in.From.IsZero() || in.Channel == rooms.Email || in.Channel == rooms.SMS {
		return nil
	}
	return d.People.Wrote(ctx, sender(in))
}
