package rooms

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind says what an event records.
type Kind string

// The kinds of events. Sent, Delivered, Errored, Failed, Postponed, Requeued and Dropped speak of one delivery;
// the others of a message, or a page of it.
const (
	EventAccepted  Kind = "accepted"  // the message is in the room's log
	EventPlanned   Kind = "planned"   // the number of its recipients is known
	EventQueued    Kind = "queued"    // a page of recipients has become jobs
	EventSent      Kind = "sent"      // the provider confirmed
	EventDelivered Kind = "delivered" // a receipt says that it arrived
	EventErrored   Kind = "errored"   // an attempt failed, another follows
	EventFailed    Kind = "failed"    // given up
	EventErased    Kind = "erased"    // the body is no longer kept
	EventPostponed Kind = "postponed" // an attempt waits for its time: quiet hours, a limit
	EventRequeued  Kind = "requeued"  // a failed delivery is tried once more, since a person said so
	EventDropped   Kind = "dropped"   // a failed or undecided delivery is not to be tried anew, since a person said so
	EventScheduled Kind = "scheduled" // the message waits in the log
	EventReleased  Kind = "released"  // it has gone on from there
	EventPaused    Kind = "paused"
	EventResumed   Kind = "resumed"
	EventHeld      Kind = "held" // crier has paused it itself
	EventCancelled Kind = "cancelled"
)

// Kinds lists every kind of event.
func Kinds() []Kind {
	return []Kind{EventAccepted, EventPlanned, EventQueued, EventSent, EventDelivered,
		EventErrored, EventFailed, EventErased, EventPostponed, EventRequeued, EventDropped,
		EventScheduled, EventReleased, EventPaused, EventResumed, EventHeld, EventCancelled}
}

// ParseKind accepts the name of a kind.
func ParseKind(s string) (Kind, error) {
	for _, known := range Kinds() {
		if Kind(s) == known {
			return known, nil
		}
	}
	return "", fmt.Errorf("%w: an event is one of %v", ErrName, Kinds())
}

// Event is what happened, as the EVENTS stream keeps it: ids only, no contact, no content.
type Event struct {
	Kind Kind      `json:"-"` // stands in the subject
	Room Room      `json:"-"` // stands in the subject
	UMID UMID      `json:"umid"`
	At   time.Time `json:"at"`

	Message *Header `json:"message,omitzero"` // accepted, scheduled

	Recipients int    `json:"recipients,omitzero"` // planned; queued too where one page is all
	Page       int    `json:"page,omitzero"`       // queued
	Marks      string `json:"marks,omitzero"`      // queued: one Mark for each recipient of the page

	N          int       `json:"n,omitzero"`       // delivery events: recipient number
	Attempt    int       `json:"attempt,omitzero"` // from 1
	Channel    Channel   `json:"channel,omitzero"`
	Provider   string    `json:"provider,omitzero"`   // name in the configuration
	ProviderID string    `json:"providerId,omitzero"` // what the provider calls it
	Reason     Reason    `json:"reason,omitzero"`
	Code       string    `json:"code,omitzero"`    // the provider's own code, such as 4.2.2
	Receipt    bool      `json:"receipt,omitzero"` // sent: a receipt will follow
	RetryAt    time.Time `json:"retryAt,omitzero"` // errored, postponed; scheduled: the next time of a series
	Rule       Rule      `json:"rule,omitzero"`    // what sets the next attempt, beside the waits between attempts
	Next       Channel   `json:"next,omitzero"`    // the channel of the next attempt, where it is known to be another
	Round      int       `json:"round,omitzero"`   // how often failed deliveries had been tried anew before
	By         Client    `json:"by,omitzero"`      // requeued, dropped: who said so
	// Owner is the subscriber's id, where it is needed: to try a failed delivery anew, to count what reaches one person.
	Owner SubscriberID `json:"owner,omitzero"`
	// Counted says that the delivery counts towards how often the owner is reached.
	Counted bool `json:"counted,omitzero"`

	// Contact is the id that the contact that was reached has, or would have, as a subscriber of the room, where people
	// may answer; Owner is then whose it is, if he subscribes by another.
	Contact SubscriberID `json:"contact,omitzero"`

	Control Control `json:"control,omitzero"` // paused, resumed, held, cancelled

	Sequence uint64 `json:"-"` // position in the log, set when read
}

// Rule is a rule of a policy that sets when the next attempt is made, or where.
type Rule string

// The rules that do.
const (
	RuleFallback Rule = "fallback"    // on the person's other channel
	RuleQuiet    Rule = "quiet-hours" // when quiet hours are over, or on a date on which people are written to
	RuleCap      Rule = "cap"         // when the person has had no more messages than are allowed
)

// Why a delivery fails as suppressed, as the code of its event says.
const (
	SuppressedLeft    = "left"       // the person is no subscriber of the room any more
	SuppressedStopped = "stopped"    // a person who is none has said that he wants nothing more of the room
	SuppressedAddress = "address"    // the address is known to take nothing
	SuppressedChannel = "no-channel" // the person has no address on the channel any more
)

// Marks of a queued page: the channel of each recipient, or that he had left, or that the message was cancelled before.
const (
	MarkSuppressed = '-'
	MarkCancelled  = 'x'
)

// marks are the letters of the channels, in the order of Channels.
const marks = "eswpmta"

// Mark is the letter of a channel.
func Mark(c Channel) byte { return marks[max(slices.Index(Channels(), c), 0)] }

// MarkChannel is the channel of a letter; the empty one if the recipient had left.
func MarkChannel(mark byte) Channel {
	if i := strings.IndexByte(marks, mark); i >= 0 {
		return Channels()[i]
	}
	return ""
}

// ID identifies the event by its cause, so that recording it twice leaves one.
func (e Event) ID() string {
	switch e.Kind {
	case EventAccepted, EventPlanned, EventErased, EventReleased:
		return fmt.Sprintf("%s.%s", e.UMID, e.Kind)
	case EventScheduled:
		if e.RetryAt.IsZero() {
			return fmt.Sprintf("%s.%s", e.UMID, e.Kind)
		}
		return fmt.Sprintf("%s.%s.%d", e.UMID, e.Kind, e.RetryAt.Unix())
	case EventPaused, EventResumed, EventHeld, EventCancelled:
		return fmt.Sprintf("%s.%s.%d", e.UMID, e.Kind, e.Control.Entry)
	case EventQueued:
		return fmt.Sprintf("%s.%s.%d", e.UMID, e.Kind, e.Page)
	}
	id := fmt.Sprintf("%s.%s.%d.%d", e.UMID, e.Kind, e.N, e.Attempt)
	if e.Kind == EventPostponed { // an attempt may be more than once
		id += fmt.Sprintf(".%d", e.RetryAt.UnixMilli())
	}
	if e.Round > 0 {
		id += fmt.Sprintf(".%d", e.Round)
	}
	return id
}

// State is what a delivery event says of its delivery.
func (e Event) State() State {
	s := State{Reason: e.Reason, Attempt: e.Attempt, Round: min(max(e.Round, 0), MaxRounds), At: e.At, RetryAt: e.RetryAt}
	switch e.Kind {
	case EventSent:
		s.Status = Sent
	case EventDelivered:
		s.Status = Delivered
	case EventErrored:
		s.Status = Errored
	case EventFailed, EventDropped:
		s.Status = Failed
	default:
		s.Status = Queued
	}
	return s
}
