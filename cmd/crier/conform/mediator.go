package conform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// pullPatience is for how long a published event may take until it can be pulled.
const pullPatience = 15 * time.Second

// mediatorSuite checks Pub/Sub (OpenAPI 2.0.0) and the metadata (1.0) of the Information Mediator.
func mediatorSuite() suite {
	return suite{
		name: "mediator",
		lacks: func(o Options) string {
			if o.Token.IsZero() || strings.Count(o.Member, "/") != 3 {
				return "a token and a member INSTANCE/CLASS/MEMBER/APPLICATION are needed"
			}
			return ""
		},
		checks: []check{
			{"an event type is made, with its schema", makesType},
			{"event types are listed", listsTypes},
			{"who wants to pull subscribes", subscribes},
			{"subscriptions are listed, read and changed", readsSubscriptions},
			{"an event is published, and its id given", publishesEvent},
			{"an event that is not as its schema says is refused", refusesEvent},
			{"an event that is pulled is what was published", pullsEvent},
			{"an event that is acknowledged does not come again", acknowledgesEvent},
			{"how an event stands can be read", readsEvent},
			{"an event can be stopped", stopsEvent},
			{"nobody calls without credentials", refusesStrangers},
			{"the services of the room are listed", listsServices},
			{"members are listed", listsMembers},
			{"a service is described", describesService},
			{"the subscription and the event type are taken away", cleansUp},
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

func subscribes(ctx context.Context, c *caller) error {
	wanted := map[string]any{"eventType": c.eventType(), "delivery": "PULL", "options": map[string]any{"TTL": 3600, "FIFO": true}}
	a, err := c.expect(ctx, c.ask(http.MethodPost, c.at("api", "v1", "subs", c.eventType()), wanted), http.StatusOK, http.StatusCreated)
	if err != nil {
		return err
	}
	_, err = a.text("id")
	return err
}

func readsSubscriptions(ctx context.Context, c *caller) error {
	at := c.at("api", "v1", "subs", c.eventType())
	if _, err := c.expect(ctx, c.ask(http.MethodGet, at, nil), http.StatusOK); err != nil {
		return err
	}
	change := map[string]any{"eventType": c.eventType(), "options": map[string]any{"TTL": 7200}}
	if _, err := c.expect(ctx, c.ask(http.MethodPatch, at, change), http.StatusOK, http.StatusCreated); err != nil {
		return err
	}
	a, err := c.expect(ctx, c.ask(http.MethodGet, c.at("api", "v1", "subs"), nil), http.StatusOK)
	if err == nil && !strings.Contains(string(a.body), c.eventType()) {
		return errors.New("the subscription is not in the list")
	}
	return err
}

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
func (c *caller) pull(ctx context.Context) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(ctx, pullPatience)
	defer cancel()
	for {
		a, err := c.expect(ctx, c.ask(http.MethodGet, c.at("pull", "v1", c.eventType()), nil), http.StatusOK, http.StatusNoContent, http.StatusNotFound)
		if err != nil {
			return nil, err
		}
		if a.status == http.StatusOK {
			return a.object()
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("nothing came in %s", pullPatience)
		case <-time.After(100 * time.Millisecond):
		}
	}
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
	if _, err := c.expect(ctx, c.ask(http.MethodDelete, c.at("pull", "v1", c.eventType(), c.made["event"]), nil), http.StatusOK, http.StatusNoContent); err != nil {
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

func readsEvent(ctx context.Context, c *caller) error {
	a, err := c.expect(ctx, c.ask(http.MethodGet, c.at("pub", "v1", c.eventType(), c.made["event"]), nil), http.StatusOK)
	if err != nil {
		return err
	}
	_, err = a.object()
	return err
}

func stopsEvent(ctx context.Context, c *caller) error {
	_, err := c.expect(ctx, c.ask(http.MethodDelete, c.at("pub", "v1", c.eventType(), c.made["second"]), nil), http.StatusOK, http.StatusNoContent)
	return err
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

func listsServices(ctx context.Context, c *caller) error {
	for _, list := range []string{"listMethods", "allowedMethods"} {
		a, err := c.expect(ctx, c.ask(http.MethodGet, c.at(list), nil), http.StatusOK)
		if err != nil {
			return err
		}
		members, err := a.object()
		if all, ok := members["member"].([]any); err != nil || !ok || len(all) == 0 {
			return fmt.Errorf("%s names no service in the member \"member\"", list)
		}
	}
	return nil
}

func listsMembers(ctx context.Context, c *caller) error {
	a, err := c.expect(ctx, c.ask(http.MethodGet, "/r1/listClients", nil), http.StatusOK)
	if err != nil {
		return err
	}
	_, err = a.object()
	return err
}

func describesService(ctx context.Context, c *caller) error {
	r := c.ask(http.MethodGet, c.at("getOpenAPI"), nil)
	r.query = url.Values{"serviceCode": {c.eventType()}}
	a, err := c.expect(ctx, r, http.StatusOK)
	if err != nil {
		return err
	}
	if !strings.Contains(string(a.body), "openapi") {
		return errors.New("it is no OpenAPI document")
	}
	r.query = nil
	_, err = c.expect(ctx, r, http.StatusBadRequest)
	return err
}

func cleansUp(ctx context.Context, c *caller) error {
	for _, path := range []string{c.at("api", "v1", "subs", c.eventType()), c.at("api", "v1", "eventType", c.eventType())} {
		if _, err := c.expect(ctx, c.ask(http.MethodDelete, path, nil), http.StatusOK, http.StatusNoContent); err != nil {
			return err
		}
	}
	return nil
}
