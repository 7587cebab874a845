package api

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// tally counts what would be sent.
type tally struct {
	say      func(rooms.Contact) (rooms.Content, error) // on his first channel
	silent   func(rooms.Contact) bool
	prices   Prices
	limits   rooms.ContentLimits
	channels map[rooms.Channel]int
	groups   map[group]int
	examined int
	sms      v1.PreviewSMS
	millions int64 // of the currency's millionths
	unpriced int
	out      v1.Preview
}

// group are those who are reached on a channel, in a language.
type group struct {
	channel  rooms.Channel
	language string
}

func newTally(say func(rooms.Contact) (rooms.Content, error), silent func(rooms.Contact) bool, prices Prices, limits rooms.ContentLimits) *tally {
	return &tally{say: say, silent: silent, prices: prices, limits: limits, channels: map[rooms.Channel]int{}, groups: map[group]int{}}
}

// count takes somebody of whom only the channel is known.
func (t *tally) count(ch rooms.Channel) {
	t.out.Recipients++
	t.channels[ch]++
}

// examine takes somebody whom count has taken.
func (t *tally) examine(c rooms.Contact) {
	t.examined++
	t.groups[group{c.Channel, strings.ToLower(c.Language)}]++
	if t.silent(c) {
		t.out.Suppressed++
		return
	}
	said, err := t.say(c)
	switch {
	case errors.Is(err, errEmpty):
		t.out.Empty++
	case err != nil:
		t.out.Incomplete++
	case !said.For(c.Channel):
		t.out.Unreachable++
	case c.Channel == rooms.SMS:
		t.measure(c, t.limits.SMS(said.ShortText().Reveal()))
	}
}

func (t *tally) measure(c rooms.Contact, text string) {
	m := rooms.MeasureSMS(text)
	t.sms.Messages++
	t.sms.Segments += m.Segments
	t.sms.MostSegments = max(t.sms.MostSegments, m.Segments)
	if m.Encoding == rooms.UCS2 {
		t.sms.UCS2++
	}
	price, ok := t.prices.of(c.Address.Reveal())
	if !ok {
		t.unpriced++
	}
	t.millions += price * int64(m.Segments)
}

// preview is the sum of it.
func (t *tally) preview() v1.Preview {
	p := t.out
	p.Examined, p.Channels, p.Groups = t.examined, []v1.PreviewChannel{}, []v1.PreviewGroup{}
	for ch, n := range t.channels {
		p.Channels = append(p.Channels, v1.PreviewChannel{Channel: v1.Channel(ch), Recipients: n})
	}
	slices.SortFunc(p.Channels, func(a, b v1.PreviewChannel) int { return cmp.Compare(a.Channel, b.Channel) })
	for g, n := range t.groups {
		p.Groups = append(p.Groups, v1.PreviewGroup{Channel: v1.Channel(g.channel), Language: g.language, Recipients: n})
	}
	slices.SortFunc(p.Groups, func(a, b v1.PreviewGroup) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Language, b.Language))
	})
	if t.sms.Messages > 0 {
		p.SMS = t.sms
	}
	if len(t.prices.SMS) > 0 && t.sms.Messages > 0 {
		p.Cost = v1.PreviewCost{Amount: float64(t.millions) / 1e6, Currency: t.prices.Currency, Unpriced: t.unpriced}
	}
	return p
}
