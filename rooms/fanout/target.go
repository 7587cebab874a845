package fanout

import (
	"fmt"
	"time"

	"github.com/govcrier/crier/rooms"
)

// target says which subscribers are recipients of a message.
type target struct {
	vault    Vault
	kind     rooms.Type
	event    bool           // for applications alone
	audience rooms.Audience // nil: all who are to be written to
	lost     bool           // nobody, since the message does not say whom
	unread   int            // whose contacts could not be opened
}

// target reads whom a message to all subscribers is for. Only a message that picks them out is opened. Where the keys
// may be to blame that is an error, until it has expired; what the right key does not open reaches nobody.
func (l *lane) target(m rooms.Message) (*target, error) {
	t := &target{vault: l.vault, kind: m.Type, event: m.Event}
	if !m.Targeted {
		return t, nil
	}
	plain, err := l.vault.Unseal(m.Sealed, "slip", string(m.Room), string(m.UMID))
	var slip rooms.Slip
	if err == nil {
		slip, err = rooms.DecodeSlip(plain)
	} else if !unreadable(err) && time.Now().Before(m.ExpiresAt) {
		return nil, fmt.Errorf("fanout: message %s cannot be opened with the keys of this node, and waits for others: %w", m.UMID, err)
	}
	if err != nil || len(slip.Audience) == 0 {
		l.logger.Error("whom a message is for cannot be read; it reaches nobody", "umid", string(m.UMID), "error", err)
		t.lost = true
	}
	t.audience = slip.Audience
	return t, nil
}

// takes says whether a subscriber is a recipient. One whose contact cannot be opened is not known to be meant.
func (t *target) takes(s rooms.Subscriber) bool {
	if t.lost || !s.Receives(time.Now()) || s.Only != "" && (s.Only != t.kind || !t.event) || t.event && s.Channel != rooms.Webhook {
		return false
	}
	if t.audience == nil {
		return true
	}
	plain, err := t.vault.Unseal(s.Contact, "contact", string(s.Room), string(s.ID))
	if err == nil {
		var c rooms.Contact
		if c, err = rooms.DecodeContact(plain); err == nil {
			return t.audience.Takes(c)
		}
	}
	t.unread++
	return false
}

// report says how many could not be read, if any.
func (l *lane) report(m rooms.Message, t *target) {
	if t.unread > 0 {
		l.logger.Error("the contacts of subscribers cannot be opened; a message for some of the room does not reach them",
			"umid", string(m.UMID), "subscribers", t.unread)
	}
}
