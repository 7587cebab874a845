package broker

import (
	"cmp"
	"fmt"
	"strings"
)

// words say whether the loss of one more node would be survived, and what to do if not.
func (s *Status) words() string {
	switch {
	case !s.Majority && s.Topology == Pair:
		return "Writes wait: " + s.absent() + " is needed. If it is lost for good, and surely off: crier promote --peer-is-dead NODE."
	case !s.Majority:
		return "Writes wait: too few nodes answer. Start " + s.absent() + "."
	case s.Survives && s.Healed:
		return "Yes: any one node may be lost now, and the service goes on by itself."
	case s.Survives:
		return "Yes, any one node may be lost now; " + s.behind() + "."
	case s.Topology == Pair && s.Healed:
		return "No, by design: a pair holds everything twice, but writes wait when either node is lost, until it is back or a person promotes the other."
	case s.Topology == Pair:
		return "No: one node is alone in holding what is written; " + s.behind() + ". Bring the other node back."
	case s.absent() != nobody:
		return "No: " + s.absent() + " is not there; if one more is lost, writes stop until it is back. Start it, or replace it (crier cluster remove, then add)."
	}
	return "Not yet: " + s.behind() + "; wait."
}

const nobody = "nobody"

// absent names the members that do not answer.
func (s *Status) absent() string {
	var names []string
	for _, n := range s.Nodes {
		if n.Member && !n.Present {
			names = append(names, n.Name)
		}
	}
	if len(names) == 0 && s.Majority {
		return nobody
	}
	return cmp.Or(strings.Join(names, " and "), "the other node")
}

func (s *Status) behind() string {
	if len(s.Behind) == 0 {
		return "nothing is behind"
	}
	return fmt.Sprintf("%d of %d groups are not whole (%s …)", len(s.Behind), s.Groups, s.Behind[0])
}
