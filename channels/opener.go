package channels

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/templates"
)

// errGone says that the log no longer has the content of a message.
var errGone = errors.New("channels: the content is gone")

// errNoContent says that a message has nothing to say on a channel.
var errNoContent = errors.New("channels: nothing to send on this channel")

// errIncomplete says that the content cannot be said to this person: a value is missing, or it comes out too long.
var errIncomplete = errors.New("channels: the content cannot be said to this person")

// opener brings contact and content together, in the clear.
type opener struct {
	messages func(ctx context.Context, sequence uint64) (rooms.Message, error) // errGone
	vault    Unsealer
	cache    *contents
	exercise string // what a drill begins with
}

func newOpener(limit int, vault Unsealer, messages func(context.Context, uint64) (rooms.Message, error)) *opener {
	o := &opener{messages: messages, vault: vault}
	o.cache = newContents(limit, o.open)
	return o
}

// order makes of a job what a provider is given, to the contact as it was sealed: on the person's first channel. Its
// errors are errGone, errNoContent, errIncomplete, or of a kind that may pass; none repeats contact or content.
func (o *opener) order(ctx context.Context, j rooms.Job) (order, error) {
	m, err := o.cache.get(ctx, j.Sequence)
	if err != nil {
		return order{}, err
	}
	if m.umid != j.UMID {
		return order{}, errGone // another message stands there, of which he is no recipient
	}
	to, err := o.contact(j)
	if err != nil {
		return order{}, err
	}
	said, err := m.content.For(to, j.Channel)
	if err == nil && m.exercise {
		said, err = said.Drill(o.exercise)
	}
	switch {
	case err != nil:
		err = errIncomplete
	case !said.For(j.Channel):
		err = errNoContent
	}
	start := m.receivedAt
	if j.Since.After(start) {
		start = j.Since
	}
	return order{job: j, start: start, own: m.own, accepted: m.accepted, Delivery: rooms.Delivery{
		ID: j.ID(), Attempt: j.Attempt, Round: j.Round, Room: j.Room, Type: m.kind, Lane: j.Lane,
		To: to, Content: said, Published: m.published, ReceivedAt: m.receivedAt, Deadline: j.Deadline, Sender: m.from,
		Exercise: m.exercise,
	}}, err
}

func (o *opener) contact(j rooms.Job) (rooms.Contact, error) {
	plain, err := o.vault.Unseal(j.Contact, "contact", string(j.Room), j.Owner)
	if err != nil {
		return rooms.Contact{}, fmt.Errorf("channels: opening a contact: %w", err)
	}
	to, err := rooms.DecodeContact(plain)
	if _, there := reach(to, j.Channel); err == nil && !there {
		err = fmt.Errorf("%w: of another channel than the job", rooms.ErrAddress)
	}
	return to, err
}

// open reads a message and makes its content ready to be said.
func (o *opener) open(ctx context.Context, sequence uint64) (opened, error) {
	m, err := o.messages(ctx, sequence)
	if err != nil {
		return opened{}, err
	}
	raw, from, err := o.raw(m)
	if err != nil {
		return opened{}, err
	}
	content, err := rooms.DecodeContent(raw)
	if err != nil {
		return opened{}, err
	}
	ready, faults := templates.Compile(content, "")
	if len(faults) > 0 {
		return opened{}, fmt.Errorf("channels: compiling a content: %w", templates.ErrTemplate)
	}
	at := m.ReceivedAt
	if m.SendAt.After(at) {
		at = m.SendAt
	}
	return opened{m.UMID, m.Type, at, accepted(m.Header), ready, raw, from, m.Exercise, m.Publisher == rooms.Gateway}, nil
}

func accepted(h rooms.Header) time.Time {
	if h.Series != "" {
		return h.Series.Time()
	}
	return h.UMID.Time()
}

// raw is the content as it was published, and whom it is from: the payload and the slip, or parts of the sealed envelope.
func (o *opener) raw(m rooms.Message) ([]byte, rooms.Sender, error) {
	if !m.Direct {
		from, err := o.slip(m)
		return m.Payload, from, err
	}
	plain, err := o.vault.Unseal(m.Payload, "envelope", string(m.Room), string(m.UMID))
	if err != nil {
		return nil, rooms.Sender{}, fmt.Errorf("channels: opening an envelope: %w", err)
	}
	envelope, err := rooms.DecodeEnvelope(plain)
	if err == nil && len(envelope.Content) == 0 {
		err = fmt.Errorf("%w: an envelope without content", rooms.ErrText)
	}
	return envelope.Content, envelope.From, err
}

// slip says whom a message to all subscribers is from.
func (o *opener) slip(m rooms.Message) (rooms.Sender, error) {
	if len(m.Sealed) == 0 {
		return rooms.Sender{}, nil
	}
	plain, err := o.vault.Unseal(m.Sealed, "slip", string(m.Room), string(m.UMID))
	if err != nil {
		return rooms.Sender{}, fmt.Errorf("channels: opening a slip: %w", err)
	}
	slip, err := rooms.DecodeSlip(plain)
	if err != nil {
		return rooms.Sender{}, err
	}
	return slip.From.Sender()
}
