package channels

import (
	"context"
	"errors"
	"fmt"

	"github.com/govcrier/crier/rooms"
)

// errGone says that the log no longer has the content of a message.
var errGone = errors.New("channels: the content is gone")

// errNoContent says that a message has nothing to say on a channel.
var errNoContent = errors.New("channels: nothing to send on this channel")

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

// delivery makes what a provider is given. Its errors are errGone, errNoContent, or of a
// kind that may pass; none repeats contact or content.
func (o *opener) delivery(ctx context.Context, j rooms.Job) (rooms.Delivery, error) {
	m, err := o.cache.get(ctx, j.Sequence)
	if err != nil {
		return rooms.Delivery{}, err
	}
	if m.umid != j.UMID {
		return rooms.Delivery{}, errGone // another message stands there, of which he is no recipient
	}
	if !m.content.For(j.Channel) {
		return rooms.Delivery{}, errNoContent
	}
	to, err := o.contact(j)
	if err != nil {
		return rooms.Delivery{}, err
	}
	return rooms.Delivery{
		ID: j.ID(), Attempt: j.Attempt, Room: j.Room, Type: m.kind, Lane: j.Lane,
		To: to, Content: m.content, Published: m.published, ReceivedAt: m.receivedAt, Deadline: j.Deadline,
		Exercise: m.exercise,
	}, nil
}

func (o *opener) contact(j rooms.Job) (rooms.Contact, error) {
	plain, err := o.vault.Unseal(j.Contact, "contact", string(j.Room), j.Owner)
	if err != nil {
		return rooms.Contact{}, fmt.Errorf("channels: opening a contact: %w", err)
	}
	to, err := rooms.DecodeContact(plain)
	if err == nil && to.Channel != j.Channel {
		err = fmt.Errorf("%w: of another channel than the job", rooms.ErrAddress)
	}
	return to, err
}

// open reads a message and parses its content.
func (o *opener) open(ctx context.Context, sequence uint64) (opened, error) {
	m, err := o.messages(ctx, sequence)
	if err != nil {
		return opened{}, err
	}
	raw, err := o.raw(m)
	if err != nil {
		return opened{}, err
	}
	content, err := rooms.DecodeContent(raw)
	if m.Exercise {
		content = drill(o.exercise, content)
	}
	at := m.ReceivedAt
	if m.SendAt.After(at) {
		at = m.SendAt
	}
	return opened{m.UMID, m.Type, at, content, raw, m.Exercise}, err
}

// raw is the content as it was published: the payload, or a part of the sealed envelope.
func (o *opener) raw(m rooms.Message) ([]byte, error) {
	if !m.Direct {
		return m.Payload, nil
	}
	plain, err := o.vault.Unseal(m.Payload, "envelope", string(m.Room), string(m.UMID))
	if err != nil {
		return nil, fmt.Errorf("channels: opening an envelope: %w", err)
	}
	envelope, err := rooms.DecodeEnvelope(plain)
	if err == nil && len(envelope.Content) == 0 {
		err = fmt.Errorf("%w: an envelope without content", rooms.ErrText)
	}
	return envelope.Content, err
}
