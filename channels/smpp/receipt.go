package smpp

import (
	"bytes"
	"fmt"
	"math/big"
	"strings"

	"github.com/govcrier/crier/channels/smpp/pdu"
	"github.com/govcrier/crier/rooms"
)

// receipt is what a centre says of a message that it has taken.
type receipt struct {
	id    string
	state string // of eight characters, upper case (SMPP 3.4 appendix B); empty if it cannot be told
	err   string // of the network
}

// readReceipt reads the optional parameters, and of the text (SMPP 3.4 appendix B) what they leave open.
func readReceipt(m pdu.Message) receipt {
	text := string(m.Text())
	r := receipt{id: word(field(text, "id"), maxID), state: spelled(field(text, "stat")), err: word(field(text, "err"), maxError)}
	if id := word(string(bytes.TrimRight(m.Get(pdu.TagReceiptedID), "\x00")), maxID); id != "" {
		r.id = id
	}
	if s := m.Get(pdu.TagMessageState); len(s) == 1 {
		r.state = stateOf(s[0], r.state)
	}
	if e := m.Get(pdu.TagNetworkError); len(e) == 3 && r.err == "" {
		r.err = fmt.Sprintf("%d-%d", e[0], int(e[1])<<8|int(e[2]))
	}
	return r
}

const maxError = 12

// field finds what stands behind name: in a text, at its beginning or behind a space, up to the next space. Case does not
// matter, nor spaces behind the colon.
func field(text, name string) string {
	for rest := text; rest != ""; {
		start, _, _ := strings.Cut(rest, ":")
		if len(start) == len(rest) {
			return ""
		}
		rest = rest[len(start)+1:]
		if key := start[strings.LastIndexAny(start, " \t\r\n")+1:]; strings.EqualFold(key, name) {
			value, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
			if strings.Contains(value, ":") { // there is none: this is the next field
				return ""
			}
			return value
		}
	}
	return ""
}

// states are those of message_state (SMPP 3.4 §5.2.28), from 1.
func states() []string {
	return []string{"ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD"}
}

func stateOf(n byte, otherwise string) string {
	if all := states(); n >= 1 && int(n) <= len(all) {
		return all[n-1]
	}
	return otherwise
}

// spelled gives a state as it is to be spelled: centres write DELIVERED, Delivrd, UNDELIVERABLE.
func spelled(s string) string {
	s = strings.ToUpper(s)
	for _, known := range states() {
		if len(s) >= 5 && strings.HasPrefix(s, known[:5]) {
			return known
		}
	}
	if s == "FAILED" {
		return "UNDELIV"
	}
	return ""
}

// status is what follows for the delivery; false if this is not the last word.
func (r receipt) status() (rooms.Status, bool) {
	switch r.state {
	case "DELIVRD":
		return rooms.Delivered, true
	case "EXPIRED", "DELETED", "UNDELIV", "UNKNOWN", "REJECTD":
		return rooms.Failed, true
	}
	return "", false
}

// code is how a failure is kept: UNDELIV 011.
func (r receipt) code() string { return strings.TrimSpace(r.state + " " + r.err) }

// asSent reads the id of a receipt as the answer had it.
func (o Options) asSent(id string) string {
	from, to := 10, 16
	switch o.ReceiptIDs {
	case IDsHex:
		from, to = 16, 10
	case IDsDecimal:
	default:
		return id
	}
	n, ok := new(big.Int).SetString(id, from)
	if !ok || n.Sign() < 0 {
		return id
	}
	return n.Text(to)
}
