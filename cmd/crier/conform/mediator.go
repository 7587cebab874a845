package conform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// mediatorSuite checks Pub/Sub (OpenAPI 2.0.0) and the metadata (1.0) of the Information Mediator.
func mediatorSuite() suite {
	return suite{
		name: "mediator",
		lacks: func(o Options) string {
			if o.Token.IsZero() || strings.Count(o.Member, "/") != 3 {
				return "--token and --member INSTANCE/CLASS/MEMBER/APPLICATION"
			}
			return ""
		},
		checks: []check{
			{name: "an event type is made, with its schema", run: makesType},
			{name: "event types are listed", run: listsTypes},
			{name: "paths are served without /r1 too", run: servesBarePaths},
			{name: "who wants to pull subscribes", run: subscribes},
			{name: "subscriptions are listed, read and changed", run: readsSubscriptions},
			{name: "an option that nobody knows is refused", run: refusesOption},
			{name: "an event is published, and its id given", run: publishesEvent},
			{name: "an event that is not as its schema says is refused", run: refusesEvent},
			{name: "an event that is pulled is what was published", run: pullsEvent},
			{name: "an event that is acknowledged does not come again", run: acknowledgesEvent},
			{name: "with FIFO, the second of two that wait comes once the first is acknowledged", run: keepsOrder},
			{name: "how an event stands can be read", run: readsEvent},
			{name: "an event that is stopped is not handed out", run: stopsEvent},
			{name: "an event id that is none is not there", run: findsNoEvent},
			{name: "another event under the same Idempotency-Key is refused with 409", run: refusesOtherEvent},
			{name: "nobody calls without credentials", run: refusesStrangers},
			{name: "the services of the room are listed", run: listsServices},
			{name: "members are listed, and the room as an application", run: listsMembers},
			{name: "a service is described", run: describesService},
			{name: "who wants events pushed gets them", run: pushesEvent, needs: anEar},
			{name: "the subscription and the event type are taken away", run: cleansUp},
		},
	}
}

// at is a path of the room's, as its application.
func (c *caller) at(parts ...string) string {
	member := strings.Split(c.options.Member, "/")
	return "/r1/" + strings.Join(append(append(member[:3:3], c.options.Room), parts...), "/")
}

func (c *caller) ask(method, path string, body any) request {
	r := request{method: method, path: path, header: map[string]string{
		"Authorization": "Bearer " + c.options.Token.Reveal(), "X-GovStack-Client": c.options.Member,
	}}
	if text, err := json.Marshal(body); err == nil && body != nil {
		r.body, r.header["Content-Type"] = string(text), "application/json"
	}
	return r
}

// eventType is the one that is made for the checks.
func (c *caller) eventType() string {
	if c.made["type"] == "" {
		c.made["type"] = fmt.Sprintf("conform%d", time.Now().UnixNano())
	}
	return c.made["type"]
}

func makesType(ctx context.Context, c *caller) error {
	schema := map[string]any{"type": "object", "required": []string{"n"}, "properties": map[string]any{"n": map[string]any{"type": "integer"}}}
	_, err := c.expect(ctx, c.ask(http.MethodPost, c.at("api", "v1", "eventType"), map[string]any{"eventType": c.eventType(), "schema": schema}), http.StatusOK, http.StatusCreated)
	if err != nil {
		return err
	}
	a, err := c.expect(ctx, c.ask(http.MethodGet, c.at("api", "v1", "eventType", c.eventType()), nil), http.StatusOK)
	if err != nil {
		return err
	}
	_, err = a.object()
	return err
}

func listsTypes(ctx context.Context, c *caller) error {
	a, err := c.expect(ctx, c.ask(http.MethodGet, c.at("api", "v1", "eventType"), nil), http.StatusOK)
	if err != nil {
		return err
	}
	var names []string
	if json.Unmarshal(a.body, &names) != nil || !slices.Contains(names, c.eventType()) {
		return errors.New("the event type that was made is not in the list")
	}
	return nil
}

func servesBarePaths(ctx context.Context, c *caller) error {
	_, err := c.expect(ctx, c.ask(http.MethodGet, strings.TrimPrefix(c.at("api", "v1", "eventType", c.eventType()), "/r1"), nil), http.StatusOK)
	return err
}

func subscribes(ctx context.Context, c *caller) error {
	return c.subscribe(ctx, "PULL", map[string]any{"TTL": 3600, "FIFO": true})
}

func (c *caller) subscribe(ctx context.Context, delivery string, options map[string]any) error {
	wanted := map[string]any{"eventType": c.eventType(), "delivery": delivery, "options": options}
	a, err := c.expect(ctx, c.ask(http.MethodPost, c.at("api", "v1", "subs", c.eventType()), wanted), http.StatusOK, http.StatusCreated)
	if err != nil {
		return err
	}
	_, err = a.text("id")
	return err
}

func readsSubscriptions(ctx context.Context, c *caller) error {
	at := c.at("api", "v1", "subs", c.eventType())
	change := map[string]any{"eventType": c.eventType(), "options": map[string]any{"TTL": 7200}}
	if _, err := c.expect(ctx, c.ask(http.MethodPatch, at, change), http.StatusOK, http.StatusCreated); err != nil {
		return err
	}
	a, err := c.expect(ctx, c.ask(http.MethodGet, at, nil), http.StatusOK)
	if err != nil {
		return err
	}
	one, err := a.object()
	if options, _ := one["options"].(map[string]any); err != nil || options["TTL"] != float64(7200) || options["FIFO"] != true {
		return errors.New("the subscription does not have the TTL that it was changed to, or the FIFO that it was made with")
	}
	a, err = c.expect(ctx, c.ask(http.MethodGet, c.at("api", "v1", "subs"), nil), http.StatusOK)
	if err == nil && !strings.Contains(string(a.body), c.eventType()) {
		return errors.New("the subscription is not in the list")
	}
	return err
}

func refusesOption(ctx context.Context, c *caller) error {
	change := map[string]any{"eventType": c.eventType(), "options": map[string]any{"Ttl": 5}}
	return c.refused(ctx, c.ask(http.MethodPatch, c.at("api", "v1", "subs", c.eventType()), change), "an unknown option")
}

func refusesStrangers(ctx context.Context, c *caller) error {
	for _, path := range []string{c.at("api", "v1", "eventType"), c.at("api", "v1", "subs"), c.at("pull", "v1", c.eventType())} {
		r := c.ask(http.MethodGet, path, nil)
		delete(r.header, "Authorization")
		if err := c.denied(ctx, r, path); err != nil {
			return err
		}
	}
	return nil
}

func cleansUp(ctx context.Context, c *caller) error {
	for _, path := range []string{c.at("api", "v1", "subs", c.eventType()), c.at("api", "v1", "eventType", c.eventType())} {
		if _, err := c.expect(ctx, c.ask(http.MethodDelete, path, nil), http.StatusOK, http.StatusNoContent); err != nil {
			return err
		}
	}
	return nil
}
