package mediator

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/consumers"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/stream"
)

// contentForm is an event as it is published into the room.
type contentForm struct {
	EventType string         `json:"eventType"`
	Publisher ID             `json:"publisherId"`
	Event     jsontext.Value `json:"event,omitzero"`
}

// withEvent writes an object and puts an event at its end as it came, to the byte: what encodes JSON would write it in its own
// way.
func withEvent(around any, event jsontext.Value) ([]byte, error) {
	b, err := json.Marshal(around)
	if err != nil {
		return nil, problem.Because(v1.ProblemCodeInternal, err)
	}
	b = append(b[:len(b)-1], `,"event":`...)
	return append(append(b, event...), '}'), nil
}

// eventForm is an event on the wire. Status and what follows are crier's own, beside what the interface has.
type eventForm struct {
	ID        string         `json:"id"`
	Sequence  uint64         `json:"sequence,omitzero"`
	Publisher *ID            `json:"publisherId,omitzero"`
	EventType string         `json:"eventType,omitzero"`
	Event     jsontext.Value `json:"event,omitzero"`

	Status *statusForm `json:"status,omitzero"`
}

// statusForm is how the pushed deliveries of an event stand.
type statusForm struct {
	State      string     `json:"state"` // running, finished, cancelled, or another that crier's own API has
	ReceivedAt time.Time  `json:"receivedAt"`
	ExpiresAt  time.Time  `json:"expiresAt"`
	FinishedAt *time.Time `json:"finishedAt,omitzero"`
	Pushes     int        `json:"pushes"`
	Pending    int        `json:"pending"`
	Queued     int        `json:"queued"`
	Sent       int        `json:"sent"`
	Delivered  int        `json:"delivered"`
	Errored    int        `json:"errored"`
	Failed     int        `json:"failed"`
}

// Publish makes an event durable, once it is as its type's schema says.
func (f *Facade) Publish(ctx context.Context, c *Call) (Reply, error) {
	t, err := c.eventType()
	if err != nil {
		return Reply{}, err
	}
	event, err := ParseEvent(c.Body, t.Name)
	if err != nil {
		return Reply{}, err
	}
	key, err := transaction(c.Key)
	if err != nil {
		return Reply{}, err
	}
	content, err := withEvent(contentForm{EventType: t.Name, Publisher: c.application(f.Options)}, event)
	if err != nil {
		return Reply{}, err
	}
	receipt, err := f.Publisher.Publish(ctx, publish.Request{
		Client: c.Client, Room: c.Room.Name, Raw: c.Body, TransactionID: key,
		Type: t.Type(), Lane: rooms.Normal, Content: content, Event: true,
	})
	if err != nil {
		return Reply{}, err
	}
	out, err := reply(http.StatusCreated, eventForm{ID: EventID(receipt.UMID)})
	out.UMID, out.Published, out.Allowance = receipt.UMID, true, receipt.Allowance
	return out, err
}

// transaction is the caller's own, or a new one.
func transaction(key string) (string, error) {
	if key == "" {
		return rand.Text(), nil
	}
	for _, c := range []byte(key) {
		if c < ' ' || c > '~' || len(key) > 128 {
			return "", problem.Parameter("Idempotency-Key", v1.FaultCodeInvalidText, "1 to 128 printable ASCII characters")
		}
	}
	return key, nil
}

// GetEvent says how an event stands.
func (f *Facade) GetEvent(_ context.Context, c *Call) (Reply, error) {
	m := c.Event
	status := statusForm{
		State: "running", ReceivedAt: m.ReceivedAt, ExpiresAt: m.ExpiresAt, Pushes: m.Recipients,
		Pending: m.Counts.Pending, Queued: m.Counts.Queued, Sent: m.Counts.Sent, Delivered: m.Counts.Delivered, Errored: m.Counts.Errored, Failed: m.Counts.Failed,
	}
	if !m.FinishedAt.IsZero() {
		status.State, status.FinishedAt = "finished", &m.FinishedAt
	}
	if !m.Control.Runs() {
		status.State = string(m.Control.State)
	}
	publisher := f.Options.usual(m.Publisher)
	out, err := reply(http.StatusOK, eventForm{ID: EventID(m.UMID), Sequence: m.Sequence, Publisher: &publisher, EventType: c.Type, Status: &status})
	out.UMID = m.UMID
	return out, err
}

// StopEvent ends what is not done with an event: it is neither pushed nor handed out any more.
func (f *Facade) StopEvent(ctx context.Context, c *Call) (Reply, error) {
	_, err := f.Desk.Withdraw(ctx, c.Event.UMID, c.Client)
	return Reply{Status: http.StatusNoContent, UMID: c.Event.UMID}, err
}

// skipped is how many events that are of no use any more one call passes over.
const skipped = 1000

// PullEvent hands out the next event that is not acknowledged.
func (f *Facade) PullEvent(ctx context.Context, c *Call) (Reply, error) {
	there, err := f.pulled(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	for range skipped {
		got, err := f.Consumers.Pull(ctx, there, 1, patience(there))
		if err != nil {
			return Reply{}, err
		}
		if len(got) == 0 {
			break
		}
		if f.useless(there, got[0].Header) {
			if err := f.Consumers.Acknowledge(ctx, there, got[0].Handle.Sequence); err != nil {
				return Reply{}, err
			}
			continue
		}
		return f.handOut(ctx, there, got[0])
	}
	return Reply{}, problem.Of(v1.ProblemCodeNoEvent)
}

// patience is how long a pull waits: a consumer that has handed out as much as it may does not say so at once.
func patience(there rooms.Consumer) time.Duration {
	if there.InOrder || there.AckPending > 0 {
		return 100 * time.Millisecond
	}
	return 0
}

// useless says of what waits for the subscriber that it is too old, was withdrawn, or is a message and no event: once an
// event type is taken away, messages may be of its name.
func (f *Facade) useless(there rooms.Consumer, h rooms.Header) bool {
	if !h.Event {
		return true
	}
	if there.Keep > 0 && f.Now().Sub(h.ReceivedAt) > there.Keep || f.Desk.Of(h.UMID).State == rooms.ControlCancelled {
		return true
	}
	m, err := f.Messages.Message(h.UMID) // what was decided long ago is known there alone
	return err == nil && m.Control.State == rooms.ControlCancelled
}

// handOut gives an event. One of a subscription in order is the next until it is acknowledged.
func (f *Facade) handOut(ctx context.Context, there rooms.Consumer, m consumers.Message) (Reply, error) {
	there.Delivered = max(there.Delivered, m.Handle.Sequence) // it was read before
	back := func(ctx context.Context) error {
		return f.Consumers.Settle(ctx, there, []consumers.Settlement{{Token: m.Token, Verdict: stream.Refused}})
	}
	var content contentForm
	if err := json.Unmarshal(m.Content, &content); err != nil {
		return Reply{}, problem.Because(v1.ProblemCodeInternal, err)
	}
	body, err := withEvent(eventForm{ID: EventID(m.UMID), Sequence: m.Handle.Sequence, Publisher: &content.Publisher, EventType: content.EventType}, content.Event)
	if err != nil {
		return Reply{}, err
	}
	out := Reply{Status: http.StatusOK, Kind: jsonType, Body: body, UMID: m.UMID, Consumer: there.ID, Lost: back}
	if there.InOrder {
		out.Lost, err = nil, back(ctx)
	}
	return out, err
}

// ConfirmEvent acknowledges an event.
func (f *Facade) ConfirmEvent(ctx context.Context, c *Call) (Reply, error) {
	there, err := f.pulled(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	if c.Event.Sequence == 0 || c.Event.Sequence > there.Delivered || c.Event.ReceivedAt.Before(there.Created) && c.Event.Sequence <= there.Acked {
		return Reply{}, problem.Of(v1.ProblemCodeNoEvent)
	}
	if err := f.Consumers.Acknowledge(ctx, there, c.Event.Sequence); err != nil {
		return Reply{}, err
	}
	return Reply{Status: http.StatusNoContent, UMID: c.Event.UMID, Consumer: there.ID}, nil
}
