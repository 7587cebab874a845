package report

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/govcrier/crier/rooms"
)

// verdict is what a report says of a delivery.
type verdict struct {
	kind   Kind // Bounced, Delivered, Delayed; Automatic if it says none of these
	code   string
	reason rooms.Reason
	to     rooms.Address // zero if it does not say that
}

// deliveryStatus reads a message/delivery-status (RFC 3464): of several recipients, such as those behind an alias, one that
// has failed counts before one that was reached.
func deliveryStatus(p *part) (v verdict, envelopes []string, ok bool) {
	v.kind = Automatic
	for _, block := range blocks(p.content()) {
		envelopes = append(envelopes, block.all("original-envelope-id")...)
		if block.get("action") == "" && block.get("status") == "" {
			continue
		}
		ok = true
		if one := recipientStatus(block); rank(one.kind) > rank(v.kind) {
			v = one
			v.to = address(cmp.Or(block.get("original-recipient"), block.get("final-recipient")))
		}
	}
	return v, envelopes, ok
}

// recipientStatus is what a report says of one recipient. Who gives up says failed, also where what he gave up for was temporary.
func recipientStatus(h header) verdict {
	status := aStatus().FindString(h.get("status"))
	v := failed(h.get("diagnostic-code"), status)
	action, _, _ := strings.Cut(strings.ToLower(h.get("action")), " ")
	switch action {
	case "failed":
	case "delivered":
		v = verdict{kind: Delivered, code: status}
	case "delayed":
		v.kind = Delayed
	case "": // broken, so its class has to do
		v.kind = ofClass(status)
	default: // relayed, expanded
		v.kind = Automatic
	}
	return v
}

func ofClass(status string) Kind {
	switch {
	case strings.HasPrefix(status, "5"):
		return Bounced
	case strings.HasPrefix(status, "4"):
		return Delayed
	}
	return Automatic
}

func rank(k Kind) int {
	return map[Kind]int{Bounced: 3, Delivered: 2, Delayed: 1}[k]
}

// blocks are the groups of fields.
func blocks(b []byte) []header {
	var all []header
	for len(b) > 0 && len(all) < maxParts {
		at, next := 0, 0
		for at < len(b) {
			var line []byte
			if line, next = lineAt(b, at); len(line) == 0 {
				break
			}
			at = next
		}
		if h := parseHeader(b[:at]); len(h) > 0 {
			all = append(all, h)
		}
		b = b[max(next, at):]
	}
	return all
}

// failed makes a verdict of what a server has answered, and the status that was made of it.
func failed(answer, status string) verdict {
	reply, enhanced := codes(answer)
	if status == "" || strings.HasSuffix(status, ".0.0") && enhanced != "" {
		status = enhanced
	}
	if reply != "" && status != "" && reply[0] != status[0] {
		reply = ""
	}
	v := verdict{kind: Bounced, code: strings.TrimSpace(reply + " " + status), reason: rooms.Bounced}
	switch status { // by these alone the mailbox's own side says that it is not there
	case "5.1.1", "5.1.6", "5.1.10", "5.2.1":
		v.reason = rooms.NoMailbox
	}
	return v
}

// codes finds in a text what a server has answered: a reply (RFC 5321) and a status (RFC 3463), either may be missing.
func codes(text string) (reply, status string) {
	text = text[:min(len(text), maxScanned)]
	if m := anAnswer().FindStringSubmatch(text); m != nil {
		return m[1], m[2]
	}
	if m := aFullStatus().FindStringSubmatch(text); m != nil {
		status = m[1]
	}
	if m := aReply().FindStringSubmatch(text); m != nil && (status == "" || m[1][0] == status[0]) {
		reply = m[1]
	}
	return reply, status
}

// aStatus is a status as it begins.
func aStatus() *regexp.Regexp { return regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`) }

// anAnswer is a reply with its status: "550 5.1.1", "550-5.1.1".
func anAnswer() *regexp.Regexp {
	return regexp.MustCompile(`\b([45][0-5]\d)[ -]\(?#?([45]\.\d{1,3}\.\d{1,3})\b`)
}

// aFullStatus is a status that is no part of an IP address, a version or the like.
func aFullStatus() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[\s(#\[:])([45]\.\d{1,2}\.\d{1,3})(?:[\s),;:\]]|\.?$|\.\s)`)
}

// aReply is a reply where one stands: at the beginning of a line, or after what introduces it.
func aReply() *regexp.Regexp {
	return regexp.MustCompile(`(?im)(?:^|said:|error:?|error code:?|smtp;|reply:|response:?|answered:?)\s*([45][0-5]\d)[ -]`)
}
