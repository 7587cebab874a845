package whatsapp

import (
	"context"
	"strings"

	"github.com/govcrier/crier/rooms"
)

// plan is how two numbers of the same telephone differ, of which WhatsApp may use one and the person the other.
type plan struct {
	country string
	area    int    // digits after the country
	mark    string // what stands in one of them before or after the area, and in the other not
	digits  int    // that follow
}

// plans are those of Mexico and Argentina, where mobile numbers had or have a mark, and of Brazil, where they got a ninth
// digit that the accounts of before have not.
func plans() []plan {
	return []plan{{"52", 0, "1", 10}, {"54", 0, "9", 10}, {"55", 2, "9", 8}}
}

// other gives the other number of a telephone, if it may have one.
func other(number string) (string, bool) {
	for _, p := range plans() {
		rest, ok := strings.CutPrefix(number, p.country)
		if !ok || len(rest) < p.area {
			continue
		}
		area, rest := rest[:p.area], rest[p.area:]
		if short, marked := strings.CutPrefix(rest, p.mark); marked && len(short) == p.digits {
			return p.country + area + short, true
		}
		if len(rest) == p.digits {
			return p.country + area + p.mark + rest, true
		}
	}
	return "", false
}

// sender is the number of who has written, in the form in which something was sent to it.
func (c *Cloud) sender(ctx context.Context, number string) (rooms.Address, error) {
	from, err := rooms.ParsePhone("+" + number)
	if err != nil {
		return from, errNoNumber
	}
	also, there := other(number)
	if !there {
		return from, nil
	}
	if known, err := c.deps.Known(ctx, from); known || err != nil {
		return from, err
	}
	to, err := rooms.ParsePhone("+" + also)
	if err != nil {
		return from, nil
	}
	if known, err := c.deps.Known(ctx, to); !known || err != nil {
		return from, err
	}
	return to, nil
}
