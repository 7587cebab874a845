package rooms

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Subscription is what a person subscribes with. The first contact names him in the room: its keyed hash
// is the subscriber's id, so that it cannot be changed, while all else can.
type Subscription struct {
	Contact Contact
	Consent Consent
	Wanted  time.Time // when he said so, as far as whoever adds him has told; not stored
	Again   bool      // he comes in even if he has left; not stored
}

// Left is that a contact has left a room.
type Left struct {
	ID    SubscriberID // which it had there, or would have had
	At    time.Time
	Moved bool   // it is noted under the id of a newer key too
	Entry uint64 // where it is noted; 0: nowhere yet
}

// Binds says whether a person stays out who was to come in: he has not said since that he wants to.
func (l Left) Binds(p Subscription) bool { return !p.Again && !p.Wanted.After(l.At) }

// Consent says why a person may be written to. The zero value says nothing of it.
type Consent struct {
	By      Client    // who has recorded it
	At      time.Time // when it was given
	Purpose string    // for what, such as "vaccination reminders"
	Source  string    // how, such as "form 12, signed"
}

// SubscriberState says whether a subscriber is written to.
type SubscriberState string

// The states of a subscriber. Entries of old have none: they are active.
const (
	SubscriberActive    SubscriberState = ""
	SubscriberRequested SubscriberState = "requested" // an admin has to approve
	SubscriberInvited   SubscriberState = "invited"   // the person has to confirm
	SubscriberPaused    SubscriberState = "paused"
)

// String is how the state is called outside.
func (s SubscriberState) String() string {
	if s == SubscriberActive {
		return "active"
	}
	return string(s)
}

// Invitation is what a person who was invited has to answer. The code itself is kept nowhere: it follows from the
// nonce by a keyed hash.
type Invitation struct {
	Nonce string    `json:"nonce"`
	At    time.Time `json:"at"`
	Until time.Time `json:"until"`
	Tries int       `json:"tries,omitzero"` // wrong codes
}

// Waits says whether somebody has yet to be approved, or to confirm.
func (s Subscriber) Waits() bool {
	return s.State == SubscriberRequested || s.State == SubscriberInvited
}

// Receives says whether somebody is a recipient of what is published now.
func (s Subscriber) Receives(now time.Time) bool {
	switch s.State {
	case SubscriberActive:
		return true
	case SubscriberPaused:
		return !s.Until.IsZero() && !now.Before(s.Until)
	}
	return false
}

// Join says how people come into a room who are not added by an admin.
type Join string

// Nobody does; whoever asks is invited; whoever asks and is approved by an admin is invited.
const (
	JoinClosed   Join = ""
	JoinOpen     Join = "open"
	JoinApproval Join = "approval"
)

// ParseJoin accepts the name of a way to join.
func ParseJoin(s string) (Join, error) {
	switch s {
	case "closed":
		return JoinClosed, nil
	case string(JoinOpen), string(JoinApproval):
		return Join(s), nil
	}
	return "", fmt.Errorf("%w: open, approval or closed", ErrName)
}

// What is kept of a subscriber, at most.
const (
	MaxAttributes     = 20
	maxAttributeBytes = 2000 // of all of them, names included
	maxPurpose        = 200
)

// CheckAttributes refuses more than is kept of one subscriber.
func CheckAttributes(values map[string]Body) error {
	size := 0
	for name, v := range values {
		size += len(name) + len(v.Reveal())
	}
	if len(values) > MaxAttributes || size > maxAttributeBytes {
		return fmt.Errorf("%w: at most %d attributes, of %d bytes in all", ErrText, MaxAttributes, maxAttributeBytes)
	}
	return nil
}

// ParsePurpose accepts what a consent is for, and how it was given: one line each.
func ParsePurpose(s string) (string, error) { return s, checkLine(s, maxPurpose) }

// Endpoints are all the ways to reach a person, in his order.
func (c Contact) Endpoints() []Endpoint {
	return append([]Endpoint{{c.Channel, c.Address}}, c.Others...)
}

// At is where he is reached on a channel; zero if not there.
func (c Contact) At(ch Channel) Endpoint {
	for _, e := range c.Endpoints() {
		if e.Channel == ch {
			return e
		}
	}
	return Endpoint{}
}

// Has says whether a person is reached there.
func (c Contact) Has(e Endpoint) bool {
	return slices.ContainsFunc(c.Endpoints(), func(o Endpoint) bool {
		return o.Channel == e.Channel && o.Address.Same() == e.Address.Same()
	})
}

// Audience picks out subscribers: of each name, one of the values is theirs. "language" is the language; all other
// names are those of values. The zero value takes everybody.
type Audience map[string][]string

// Takes says whether a person belongs to it. Values are compared as they are; a language takes its variants too: de
// takes de-CH.
func (a Audience) Takes(c Contact) bool {
	for name, wanted := range a {
		if !slices.ContainsFunc(wanted, func(w string) bool { return c.is(name, w) }) {
			return false
		}
	}
	return true
}

func (c Contact) is(name, wanted string) bool {
	if name == "language" {
		return strings.EqualFold(c.Language, wanted) || len(c.Language) > len(wanted) &&
			strings.EqualFold(c.Language[:len(wanted)], wanted) && c.Language[len(wanted)] == '-'
	}
	v, ok := c.Values[name]
	return ok && v.Reveal() == wanted
}

// Names are those of the values, in order.
func (c Contact) Names() []string { return slices.Sorted(maps.Keys(c.Values)) }

// consentForm is how a consent is written before it is sealed.
type consentForm struct {
	By      Client    `json:"b,omitempty"`
	At      time.Time `json:"t,omitzero"`
	Purpose string    `json:"p,omitempty"`
	Source  string    `json:"s,omitempty"`
}

// Encode gives the consent in the clear, to be sealed and for nothing else.
func (c Consent) Encode() []byte {
	b, err := json.Marshal(consentForm(c))
	if err != nil {
		return nil // strings and times of this millennium always marshal
	}
	return b
}

var errConsent = errors.New("a consent that cannot be read")

// DecodeConsent reads what Encode wrote. Errors never repeat the input.
func DecodeConsent(b []byte) (Consent, error) {
	var f consentForm
	if json.Unmarshal(b, &f) != nil {
		return Consent{}, errConsent
	}
	return Consent(f), nil
}
