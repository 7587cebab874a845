package request

import (
	"errors"
	"slices"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// inbox reads what people write to a room, and what they are told.
func (p *roomParser) inbox() error {
	i := &p.room.Inbox
	before := len(p.faults)
	words := func(member string, to *[]string) error {
		return p.words(member, to, rooms.ParseKeyword)
	}
	text := func(to *string) error {
		return p.checked(v1.FaultCodeInvalidText, func(s string) (err error) {
			*to, err = rooms.ParseInboxText(s)
			return err
		})
	}
	err := p.object(func(name string) error {
		switch name {
		case "addresses":
			return p.words(name, &i.Addresses, func(s string) (string, error) {
				_, err := rooms.ParseOwnAddress(s)
				return s, err
			})
		case "keywords":
			return words(name, &i.Keywords)
		case "stop":
			return words(name, &i.Stop)
		case "start":
			return words(name, &i.Start)
		case "help":
			return text(&i.Help)
		case "confirm":
			return text(&i.Confirm)
		}
		return p.unknown()
	})
	if err != nil || len(p.faults) > before || len(i.Keywords) == 0 || len(i.Addresses) > 0 {
		return err
	}
	return p.faultAt("/inbox/addresses", v1.FaultCodeMissing, "keywords are of an address")
}

func (p *roomParser) words(member string, to *[]string, parse func(string) (string, error)) error {
	*to = nil
	return p.array(func() error {
		if len(*to) == rooms.MaxInboxWords {
			return p.full("inbox/"+member, rooms.MaxInboxWords)
		}
		return p.checked(v1.FaultCodeInvalidValue, func(s string) error {
			word, err := parse(s)
			if err == nil && slices.Contains(*to, word) {
				err = errors.New("the same as before")
			}
			if err == nil {
				*to = append(*to, word)
			}
			return err
		})
	})
}

// ParseRelease reads to which room something is given that belonged to none, and which of its messages it answers; "" if none.
func ParseRelease(body []byte) (room rooms.Room, u rooms.UMID, err error) {
	p := newReader(body)
	err = p.document(func(name string) error {
		switch name {
		case "room":
			return p.checked(v1.FaultCodeInvalidName, func(s string) (err error) {
				room, err = rooms.ParseRoom(s)
				return err
			})
		case "umid":
			return p.checked(v1.FaultCodeInvalidName, func(s string) (err error) {
				u, err = rooms.ParseUMID(s)
				return err
			})
		}
		return p.unknown()
	})
	if err != nil {
		return "", "", err
	}
	if room == "" && len(p.faults) == 0 {
		_ = p.faultAt("/room", v1.FaultCodeMissing, "this member is needed")
	}
	return room, u, p.verdict()
}
