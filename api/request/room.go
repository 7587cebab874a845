package request

import (
	"errors"
	"fmt"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

const (
	maxTitle      = 200 // characters
	maxAdmins     = 100
	maxPublishers = 1000
	maxReaders    = 10_000
)

// ParseNewRoom reads a room to be created.
func ParseNewRoom(body []byte) (rooms.RoomConfig, error) {
	p := roomParser{reader: newReader(body), named: true}
	if err := p.document(p.member); err != nil {
		return rooms.RoomConfig{}, err
	}
	if !p.hasName {
		_ = p.faultAt("/name", v1.FaultCodeMissing, "this member is needed")
	}
	return p.room, p.verdict()
}

// ParseRoomChange reads what a room is to become; the name stands in the path.
func ParseRoomChange(body []byte) (rooms.RoomConfig, error) {
	p := roomParser{reader: newReader(body)}
	if err := p.document(p.member); err != nil {
		return rooms.RoomConfig{}, err
	}
	return p.room, p.verdict()
}

type roomParser struct {
	*reader
	room    rooms.RoomConfig
	named   bool // a name may be given
	hasName bool
}

func (p *roomParser) member(name string) error {
	switch {
	case name == "name" && p.named:
		p.hasName = true
		return p.checked(v1.FaultCodeInvalidName, p.name)
	case name == "title":
		return p.checked(v1.FaultCodeInvalidText, p.title)
	case name == "admins":
		return p.clients(name, maxAdmins, &p.room.Admins)
	case name == "readers":
		return p.clients(name, maxReaders, &p.room.Readers)
	case name == "publishers":
		return p.publishers()
	case name == "policy":
		return p.policy()
	case name == "join":
		return p.checked(v1.FaultCodeInvalidValue, func(s string) (err error) {
			p.room.Join, err = rooms.ParseJoin(s)
			return err
		})
	case name == "inbox":
		return p.inbox()
	case name == "alerts":
		return p.alerts()
	case name == "history":
		return p.flag(&p.room.History)
	}
	return p.unknown()
}

func (p *roomParser) name(s string) (err error) {
	p.room.Name, err = rooms.ParseRoom(s)
	return err
}

func (p *roomParser) title(s string) error {
	p.room.Title = s
	return checkLine(s, maxTitle)
}

// policy reads the name of a policy; the standard one needs none.
func (p *roomParser) policy() error {
	before, named := len(p.faults), false
	err := p.object(func(name string) error {
		if name != "name" {
			return p.unknown()
		}
		named = true
		return p.checked(v1.FaultCodeInvalidName, func(s string) (err error) {
			p.room.Policy, err = rooms.ParsePolicyName(s)
			if s == rooms.StandardPolicy {
				p.room.Policy = ""
			}
			return err
		})
	})
	if err != nil || named || len(p.faults) > before {
		return err
	}
	return p.fault(v1.FaultCodeMissing, "name is needed")
}

func (p *roomParser) clients(member string, most int, to *[]rooms.Client) error {
	seen := map[rooms.Client]bool{}
	return p.array(func() error {
		if len(seen) == most {
			return p.full(member, most)
		}
		var c rooms.Client
		if err := p.client(&c, seen); err != nil || c == "" {
			return err
		}
		*to = append(*to, c)
		return nil
	})
}

func (p *roomParser) publishers() error {
	seen := map[rooms.Client]bool{}
	return p.array(func() error {
		if len(seen) == maxPublishers {
			return p.full("publishers", maxPublishers)
		}
		return p.publisher(seen)
	})
}

func (p *roomParser) publisher(seen map[rooms.Client]bool) error {
	var one rooms.Publisher
	before := len(p.faults)
	err := p.object(func(name string) error {
		switch name {
		case "client":
			return p.client(&one.Client, seen)
		case "direct":
			return p.flag(&one.Direct)
		}
		return p.unknown()
	})
	if err != nil || len(p.faults) > before {
		return err
	}
	if one.Client == "" {
		return p.fault(v1.FaultCodeMissing, "client is needed")
	}
	p.room.Publishers = append(p.room.Publishers, one)
	return nil
}

// client reads a client that is not in seen; to stays empty if there is a fault.
func (p *roomParser) client(to *rooms.Client, seen map[rooms.Client]bool) error {
	return p.checked(v1.FaultCodeInvalidClient, func(s string) error {
		c, err := rooms.ParseClient(s)
		if err != nil {
			return err
		}
		if seen[c] {
			return errors.New("the same client as before")
		}
		seen[c] = true
		*to = c
		return nil
	})
}

func (p *roomParser) full(what string, most int) error {
	return errors.Join(errEnough, p.faultAt("/"+what, v1.FaultCodeTooMany, fmt.Sprintf("at most %d", most)))
}
