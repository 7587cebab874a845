package request

import (
	"errors"
	"fmt"
	"math"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/templates"
)

// sayable refuses a message that cannot be said to everybody whom it names.
func (p *messageParser) sayable() error {
	if !p.m.Said.Asks() {
		return nil
	}
	if n := MostToBeSaid(p.m.Said); len(p.m.Recipients) > n {
		return problem.Faults(v1.ProblemCodeInvalidRequest, tooMuchToSay("/recipients", n))
	}
	for n, c := range p.m.Recipients {
		if p.add(Unsayable(p.m.Said, c, fmt.Sprintf("/recipients/%d", n), "/values")...) != nil {
			break
		}
	}
	if len(p.faults) > 0 {
		return problem.Faults(v1.ProblemCodeInvalidRequest, p.faults...)
	}
	return nil
}

// maxSaid is how many bytes of templates are worked through for one request.
const maxSaid = 256 << 20

// MostToBeSaid is to how many recipients of one message a content can be said: each is tried before it is accepted.
func MostToBeSaid(said *templates.Content) int {
	if !said.Asks() {
		return math.MaxInt
	}
	return maxSaid / max(said.Weight(), 1)
}

func tooMuchToSay(at string, most int) rooms.Fault {
	return rooms.Fault{Pointer: at, Code: string(v1.FaultCodeTooMany), Detail: fmt.Sprintf("with templates as long as these, at most %d in one message", most)}
}

// Unsayable lists why a content cannot be said to somebody, on each channel on which it says anything. Pointers are below
// at, those of values below values there.
func Unsayable(said *templates.Content, c rooms.Contact, at, values string) (faults []rooms.Fault) {
	known := map[string]bool{}
	add := func(pointer string, code v1.FaultCode, detail string) {
		if !known[pointer] {
			known[pointer] = true
			faults = append(faults, rooms.Fault{Pointer: pointer, Code: string(code), Detail: detail})
		}
	}
	for _, ch := range channelsOf(c) {
		_, err := said.For(c, ch)
		var gaps *templates.MissingError
		if errors.As(err, &gaps) {
			for _, name := range gaps.Names {
				add(at+placeOf(name, values), v1.FaultCodeMissing, "the content asks for this value")
			}
		} else if err != nil {
			add(at, v1.FaultCodeTooLong, "what the content says to this recipient is longer than it may be")
		}
	}
	return faults
}

// channelsOf are those on which somebody is reached, in his order.
func channelsOf(c rooms.Contact) []rooms.Channel {
	all := []rooms.Channel{c.Channel}
	for _, o := range c.Others {
		all = append(all, o.Channel)
	}
	return all
}

func placeOf(name, values string) string {
	if name == "name" || name == "language" {
		return "/" + name
	}
	return values + "/" + name
}
