package request

import (
	"fmt"
	"slices"
	"strings"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// channelOf is the channel of a member, or a column, that holds a contact.
func channelOf(member string) (rooms.Channel, bool) {
	switch c := rooms.Channel(member); {
	case member == "phone":
		return rooms.SMS, true
	case c == rooms.SMS:
		return "", false
	default:
		return c, slices.Contains(rooms.Personal(), c)
	}
}

// address reads a contact: a string, or the object that a browser gives.
func (r *reader) address(c rooms.Channel) (a rooms.Address, err error) {
	parse := address
	if r.kept {
		parse = rooms.ParseAddress
	}
	if c != rooms.WebPush || r.dec.PeekKind() != '{' {
		err = r.checked(v1.FaultCodeInvalidAddress, func(s string) (err error) {
			a, err = parse(c, s)
			return err
		})
		return a, err
	}
	value, err := r.dec.ReadValue()
	if err != nil {
		return a, err
	}
	if a, err = rooms.ParseAddress(c, string(value)); err != nil {
		return a, r.fault(v1.FaultCodeInvalidAddress, err.Error())
	}
	return a, nil
}

// channel accepts one in which a person wants to be reached.
func channel(name string) (rooms.Channel, error) {
	if c := rooms.Channel(name); slices.Contains(rooms.Personal(), c) {
		return c, nil
	}
	return "", fmt.Errorf("a channel is one of %v", rooms.Personal())
}

// order is that of the contacts of a person who has named none.
func order(at map[rooms.Channel]rooms.Address) (all []rooms.Channel) {
	for _, c := range rooms.Personal() {
		if _, ok := at[c]; ok {
			all = append(all, c)
		}
	}
	return all
}

// contactCount is said where there is no contact.
func contactCount() string { return "one of " + strings.Join(contactMembers(), ", ") + " is needed" }

func contactMembers() []string {
	names := []string{"email", "phone"}
	for _, c := range rooms.Personal()[2:] {
		names = append(names, string(c))
	}
	return names
}
