package conform

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

func (c *caller) status(ctx context.Context, id string, query url.Values) (map[string]any, error) {
	r := c.keyed(http.MethodGet, statusPath, nil, map[string]string{"requestUID": id})
	r.query = query
	a, err := c.expect(ctx, r, http.StatusOK)
	if err != nil {
		return nil, err
	}
	return a.object()
}

// counts asks for statuses, and wants an integer for each and nothing else.
func (c *caller) counts(ctx context.Context, id string, query url.Values, spelled ...string) error {
	counted, err := c.status(ctx, id, query)
	if err != nil {
		return err
	}
	if got := slices.Sorted(maps.Keys(counted)); !slices.Equal(got, slices.Sorted(slices.Values(spelled))) {
		return fmt.Errorf("asked for %q, got %q", spelled, got)
	}
	for name, n := range counted {
		if f, ok := n.(float64); !ok || f < 0 || f != float64(int(f)) {
			return fmt.Errorf("%s is not a whole number", name)
		}
	}
	return nil
}

func countsStatuses(ctx context.Context, c *caller) error {
	for _, notSent := range []string{"not sent", "notSent", "not_sent"} {
		all := []string{"scheduled", "processing", "deferred", "bounced", notSent, "delivered"}
		for _, id := range []string{c.made[uid], c.made["batch"]} {
			if err := c.counts(ctx, id, url.Values{"status[]": all}, all...); err != nil {
				return err
			}
		}
	}
	return nil
}

func countsLists(ctx context.Context, c *caller) error {
	some := []string{"processing", "deferred"}
	return cmp.Or(
		c.counts(ctx, c.made[uid], url.Values{"status": {"processing,deferred"}}, some...),
		c.counts(ctx, c.made[uid], url.Values{"status": some}, some...),
	)
}

// nobodys is a request id that nobody has.
const nobodys = "01AAAAAAAAAAAAAAAAAAAAAAAA"

// asks asks with a key how a request stands.
func (c *caller) asks(key, id string) request {
	r := c.keyed(http.MethodGet, statusPath, nil, map[string]string{"requestUID": id, "api_key": key})
	r.query = url.Values{"status": {"delivered"}}
	return r
}

func countsUnknown(ctx context.Context, c *caller) error {
	return c.denied(ctx, c.asks(c.options.APIKey.Reveal(), nobodys), "an unknown request id")
}

func otherKey(o Options) string {
	if o.OtherKey.IsZero() {
		return "--other-api-key"
	}
	return ""
}

// countsForeign has the other key ask for what is there and for what is not: one answer is like the other.
func countsForeign(ctx context.Context, c *caller) error {
	key := c.options.OtherKey.Reveal()
	if err := c.denied(ctx, c.asks(key, c.made[uid]), "the other key asks for the request"); err != nil {
		return err
	}
	theirs, err := c.call(ctx, c.asks(key, c.made[uid]))
	if err != nil {
		return err
	}
	none, err := c.call(ctx, c.asks(key, nobodys))
	if err == nil && none.status != theirs.status {
		err = fmt.Errorf("status %d, and %d of a request that is not there", theirs.status, none.status)
	}
	return err
}

// reply is a person's answer to a request.
func (c *caller) reply(id string) request {
	reply := map[string]string{"meta": "text/plain", "content": base64.StdEncoding.EncodeToString([]byte("Yes"))}
	return c.keyed(http.MethodPost, callbackPath, reply, map[string]string{"requestUID": id})
}

func takesReply(ctx context.Context, c *caller) error {
	a, err := c.expect(ctx, c.reply(c.made[uid]), http.StatusOK)
	if err != nil {
		return err
	}
	_, err = a.object()
	return err
}

// callsBack sends an e-mail with a callback of its own, answers it, and waits for the call.
func callsBack(ctx context.Context, c *caller) error {
	path := "/callback/" + c.made[uid]
	m := c.single()
	m["callback"]["URI"] = c.options.Ear.URL() + path
	if err := c.sends(ctx, singlePath, m, nil, "called"); err != nil {
		return err
	}
	if _, err := c.expect(ctx, c.reply(c.made["called"]), http.StatusOK); err != nil {
		return err
	}
	return c.options.Ear.await(ctx, c.options.Patience, path, "")
}
