package telegram

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/rooms"
)

const (
	manyUpdates = 50      // that one answer has at most
	maxUpdates  = 8 << 20 // bytes that they take at most
)

// Poller is a bot that asks for what people write.
type Poller struct{ *Bot }

// OneReader says that one node asks for all: the Bot API answers one at a time.
func (p *Poller) OneReader() {}

type question struct {
	Offset  int64    `json:"offset,omitzero"`
	Limit   int      `json:"limit"`
	Timeout int      `json:"timeout"` // seconds
	Of      []string `json:"allowed_updates"`
}

// Inbound asks for updates until ctx ends or that fails. The next question confirms those that are durable; what was not
// confirmed the Bot API tells again.
func (p *Poller) Inbound(ctx context.Context, fn func(context.Context, rooms.Inbound) error) error {
	for next := int64(0); ctx.Err() == nil; {
		updates, err := p.ask(ctx, next)
		if err != nil {
			return err
		}
		for _, u := range updates {
			if err := p.hear(ctx, u, fn); err != nil {
				return fmt.Errorf("telegram: an update is not taken: %w", err)
			}
			next = max(next, u.ID+1)
		}
	}
	return ctx.Err()
}

// ask waits for updates.
func (p *Poller) ask(ctx context.Context, from int64) ([]update, error) {
	t, err := p.token(ctx)
	if err != nil {
		return nil, err
	}
	q := question{Offset: from, Limit: manyUpdates, Timeout: int(p.options.PollFor / time.Second), Of: []string{"message"}}
	reply, err := p.call(ctx, p.ears, rooms.Normal, t, "getUpdates", q)
	if err != nil {
		return nil, err
	}
	var a answer[[]update]
	switch {
	case reply.Status == 409: // the Bot API's words, in ours
		return nil, fmt.Errorf("telegram: no updates: a webhook is set for the bot, or another program asks for them (%s)", reply.Code())
	case !reply.OK():
		return nil, fmt.Errorf("telegram: no updates (%s)", reply.Code())
	case json.Unmarshal(reply.Body, &a) != nil || !a.OK:
		return nil, fmt.Errorf("telegram: updates that cannot be read (%s)", reply.Code())
	}
	return a.Result, nil
}
