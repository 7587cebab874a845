package conform

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// publishes publishes an event, and remembers its id under a name.
func (c *caller) publishes(ctx context.Context, n int, name string) error {
	event := map[string]any{"eventType": c.eventType(), "event": map[string]any{"n": n}}
	a, err := c.expect(ctx, c.ask(http.MethodPost, c.at("pub", "v1", c.eventType()), event), http.StatusCreated)
	if err != nil {
		return err
	}
	c.made[name], err = a.text("id")
	return err
}

func publishesEvent(ctx context.Context, c *caller) error { return c.publishes(ctx, 1, "event") }

func refusesEvent(ctx context.Context, c *caller) error {
	wrong := map[string]any{"eventType": c.eventType(), "event": map[string]any{"n": "one"}}
	return c.refused(ctx, c.ask(http.MethodPost, c.at("pub", "v1", c.eventType()), wrong), "an event of another form")
}

// pull asks for the next event until there is one.
func (c *caller) pull(ctx context.Context) (event map[string]any, err error) {
	err = c.before(ctx, func() (bool, error) {
		a, err := c.expect(ctx, c.ask(http.MethodGet, c.at("pull", "v1", c.eventType()), nil), http.StatusOK, http.StatusNoContent, http.StatusNotFound)
		switch {
		case err != nil:
			return true, err
		case a.status != http.StatusOK:
			return false, errors.New("there was no event to pull")
		}
		event, err = a.object()
		return true, err
	})
	return event, err
}

// acknowledges ends one of the events by the name under which it is remembered.
func (c *caller) acknowledges(ctx context.Context, name string) error {
	_, err := c.expect(ctx, c.ask(http.MethodDelete, c.at("pull", "v1", c.eventType(), c.made[name]), nil), http.StatusOK, http.StatusNoContent)
	return err
}

func pullsEvent(ctx context.Context, c *caller) error {
	event, err := c.pull(ctx)
	if err != nil {
		return err
	}
	said, _ := event["event"].(map[string]any)
	if event["id"] != c.made["event"] || said["n"] != float64(1) {
		return errors.New("it is another event")
	}
	return nil
}

func acknowledgesEvent(ctx context.Context, c *caller) error {
	if err := c.acknowledges(ctx, "event"); err != nil {
		return err
	}
	if err := c.publishes(ctx, 2, "second"); err != nil {
		return err
	}
	next, err := c.pull(ctx)
	if err == nil && next["id"] != c.made["second"] {
		return errors.New("the one that was acknowledged comes again, or one that is not the next")
	}
	return err
}

// keepsOrder has an event wait behind the one that acknowledgesEvent was handed: it does not come before that is acknowledged.
func keepsOrder(ctx context.Context, c *caller) error {
	if err := c.publishes(ctx, 3, "third"); err != nil {
		return err
	}
	a, err := c.expect(ctx, c.ask(http.MethodGet, c.at("pull", "v1", c.eventType()), nil), http.StatusOK, http.StatusNoContent, http.StatusNotFound)
	if err != nil {
		return err
	}
	if early, err := a.object(); a.status == http.StatusOK && (err != nil || early["id"] != c.made["second"]) {
		return errors.New("the second comes before the first is acknowledged")
	}
	if err := c.acknowledges(ctx, "second"); err != nil {
		return err
	}
	next, err := c.pull(ctx)
	if err != nil {
		return err
	}
	if next["id"] != c.made["third"] {
		return errors.New("once the first is acknowledged, another than the second comes")
	}
	return c.acknowledges(ctx, "third")
}

func readsEvent(ctx context.Context, c *caller) error {
	a, err := c.expect(ctx, c.ask(http.MethodGet, c.at("pub", "v1", c.eventType(), c.made["event"]), nil), http.StatusOK)
	if err != nil {
		return err
	}
	_, err = a.object()
	return err
}

// stopsEvent publishes two events and stops the first: the second is the next to be handed out.
func stopsEvent(ctx context.Context, c *caller) error {
	if err := c.publishes(ctx, 4, "stopped"); err != nil {
		return err
	}
	if _, err := c.expect(ctx, c.ask(http.MethodDelete, c.at("pub", "v1", c.eventType(), c.made["stopped"]), nil), http.StatusOK, http.StatusNoContent); err != nil {
		return err
	}
	if err := c.publishes(ctx, 5, "next"); err != nil {
		return err
	}
	next, err := c.pull(ctx)
	if err != nil {
		return err
	}
	if next["id"] != c.made["next"] {
		return errors.New("the one that was stopped is handed out, or one that is not the next")
	}
	return c.acknowledges(ctx, "next")
}

func findsNoEvent(ctx context.Context, c *caller) error {
	for _, id := range []string{"no-id", "00000000-0000-4000-8000-000000000000"} {
		if err := c.answered(ctx, c.ask(http.MethodGet, c.at("pub", "v1", c.eventType(), id), nil), "the event "+id, http.StatusNotFound); err != nil {
			return err
		}
	}
	return nil
}

func refusesOtherEvent(ctx context.Context, c *caller) error {
	keyed := func(n int) request {
		r := c.ask(http.MethodPost, c.at("pub", "v1", c.eventType()), map[string]any{"eventType": c.eventType(), "event": map[string]any{"n": n}})
		r.header["Idempotency-Key"] = c.eventType()
		return r
	}
	var ids []string
	for range 2 {
		a, err := c.expect(ctx, keyed(6), http.StatusOK, http.StatusCreated)
		if err != nil {
			return err
		}
		id, err := a.text("id")
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	if ids[0] != ids[1] {
		return errors.New("the second time it has another id")
	}
	return c.answered(ctx, keyed(7), "another event under the same key", http.StatusConflict)
}

// pushesEvent subscribes anew, to have events pushed to the ear, and waits for one that it can tell from all others.
func pushesEvent(ctx context.Context, c *caller) error {
	if _, err := c.expect(ctx, c.ask(http.MethodDelete, c.at("api", "v1", "subs", c.eventType()), nil), http.StatusOK, http.StatusNoContent); err != nil {
		return err
	}
	if err := c.subscribe(ctx, "PUSH", map[string]any{"TTL": 3600}); err != nil {
		return err
	}
	n := int(time.Now().UnixMicro())
	if err := c.publishes(ctx, n, "pushed"); err != nil {
		return err
	}
	return c.options.Ear.await(ctx, c.options.Patience, "", strconv.Itoa(n))
}
