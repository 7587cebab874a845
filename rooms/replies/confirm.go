package replies

import (
	"context"
	"errors"
	"strings"

	"github.com/govcrier/crier/rooms"
)

// codeLength is how many letters and digits a code has.
const codeLength = 8

// confirm takes a text that is nothing but a code, in a room whose address it came to, from the one who was asked there. So a
// person subscribes within one conversation. What is nobody's code is a reply.
func (d *Desk) confirm(ctx context.Context, in rooms.Inbound, p place) (done bool, err error) {
	code := codeIn(in.Text.Reveal())
	if code == "" || p.own || in.From.IsZero() || in.Kind != rooms.InboundReply {
		return false, nil
	}
	for _, r := range p.claims {
		switch err := d.People.Confirm(ctx, r.Name, sender(in), code); {
		case err == nil:
			d.note("confirm", r.Name, p)
			d.count(in, "confirm")
			return true, nil
		case !errors.Is(err, ErrNobody):
			return false, err
		}
	}
	return false, nil
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
	code := strings.ReplaceAll(said[0], "-", "")
	other := func(r rune) bool { return !('A' <= r && r <= 'Z' || '0' <= r && r <= '9') }
	if len(code) != codeLength || strings.ContainsFunc(code, other) {
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
