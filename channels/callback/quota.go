package callback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms/quota"
	"github.com/govcrier/crier/rooms/registry"
)

// Warner tells clients that have a callback that little is left of a quota, by a CloudEvent of the type
// org.crier.quota.warning. It tries a few times within a minute, where the host is busy with other calls within ten, and promises
// nothing: a warning is not stored. Of several nodes each tells what it sees.
type Warner struct {
	Clients Clients
	Calls   Poster
	Logger  *slog.Logger
	Now     func() time.Time
}

// warningWaits are the times between the attempts.
func warningWaits() []time.Duration { return []time.Duration{2 * time.Second, 20 * time.Second} }

const (
	tellers  = 8                // warnings at once, so that one for a busy host keeps few others waiting
	busyHost = 10 * time.Minute // after which a warning is given up whose host is still busy
)

// Run tells what comes until ctx ends.
func (w *Warner) Run(ctx context.Context, warnings <-chan quota.Warning) error {
	var all sync.WaitGroup
	for range tellers {
		all.Go(func() { w.work(ctx, warnings) })
	}
	all.Wait()
	return ctx.Err()
}

func (w *Warner) work(ctx context.Context, warnings <-chan quota.Warning) {
	for {
		select {
		case one := <-warnings:
			if err := w.tell(ctx, one); err != nil && ctx.Err() == nil {
				w.Logger.Info("a client was not told that little is left of a quota", "client", string(one.Client), "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

func (w *Warner) tell(ctx context.Context, one quota.Warning) error {
	body, id, err := warningEvent(one)
	if err != nil {
		return err
	}
	waits, began := warningWaits(), time.Now()
	for attempt := 0; ; attempt++ {
		to, err := w.Clients.Get(ctx, one.Client)
		if errors.Is(err, registry.ErrUnknownCallback) {
			return nil
		}
		if err == nil {
			a := w.Calls.Post(ctx, outbound.Call{To: to.To.Address, ID: id, Kind: outbound.CloudEvents, Body: body, Signing: to.To.Active(w.Now())})
			if a.OK() {
				return nil
			}
			err = fmt.Errorf("callback: answered %s", a.Code())
			if busy(a) && ctx.Err() == nil && time.Since(began) < busyHost { // it was not tried
				pause(ctx, max(a.RetryAfter, time.Second))
				attempt--
				continue
			}
			if a.Final() {
				return err
			}
		}
		if attempt == len(waits) {
			return err
		}
		pause(ctx, waits[attempt])
	}
}

// warningEvent is what is told, and its id.
func warningEvent(one quota.Warning) (body []byte, id string, err error) {
	data, err := json.Marshal(struct {
		Room   string `json:"room,omitzero"`
		Lane   string `json:"lane,omitzero"`
		Window string `json:"window"`
		Limit  int    `json:"limit"`
		Used   int    `json:"used"`
	}{string(one.Room), string(one.Lane), one.Window, one.Limit, one.Used})
	if err != nil {
		return nil, "", fmt.Errorf("callback: %w", err)
	}
	source := "/quota"
	if one.Room != "" {
		source = "/rooms/" + string(one.Room) + source
	}
	id = fmt.Sprintf("quota-%s-%s-%s-%d", one.Room, one.Lane, one.Window, one.At.UnixMilli())
	body, err = outbound.Event{
		ID: id, Source: source, Type: "org.crier.quota.warning", Subject: string(one.Client),
		Time: one.At.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano),
	}.Encode(data)
	return body, id, err
}
