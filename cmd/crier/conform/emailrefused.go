package conform

import (
	"context"
	"net/http"
	"net/url"
)

// methodChecks want 405, and the method that is allowed.
func methodChecks() (all []check) {
	for _, one := range []struct {
		path, allowed string
		others        []string
	}{
		{singlePath, http.MethodPost, []string{http.MethodGet, http.MethodDelete, http.MethodPut}},
		{batchPath, http.MethodPost, []string{http.MethodGet, http.MethodDelete, http.MethodPut}},
		{callbackPath, http.MethodPost, []string{http.MethodGet, http.MethodDelete, http.MethodPut}},
		{statusPath, http.MethodGet, []string{http.MethodPost, http.MethodPut}},
	} {
		all = append(all, check{name: one.path + " allows " + one.allowed + " only", run: func(ctx context.Context, c *caller) error {
			for _, method := range one.others {
				r := c.keyed(method, one.path, nil, map[string]string{"requestUID": c.made[uid]})
				if err := c.notAllowed(ctx, r, one.allowed); err != nil {
					return err
				}
			}
			return nil
		}})
	}
	return all
}

// notAllowed wants the refusal that the document has for whatever is missing.
func (c *caller) notAllowed(ctx context.Context, r request, allowed string) error {
	a, err := c.expect(ctx, r, http.StatusMethodNotAllowed)
	if err != nil {
		return err
	}
	if _, err := a.object(); err != nil {
		return err
	}
	return a.allows(allowed)
}

// missingChecks want 405 for what is missing, as the document says.
func missingChecks() []check {
	send := func(path string) []check {
		return []check{
			{name: path + " without a key", run: func(ctx context.Context, c *caller) error {
				r := c.keyed(http.MethodPost, path, c.single(), nil)
				delete(r.header, "api_key")
				return c.notAllowed(ctx, r, http.MethodPost)
			}},
			{name: path + " without a body", run: func(ctx context.Context, c *caller) error {
				return c.notAllowed(ctx, c.keyed(http.MethodPost, path, nil, nil), http.MethodPost)
			}},
		}
	}
	all := append(send(singlePath), send(batchPath)...)
	id := func(c *caller) map[string]string { return map[string]string{"requestUID": c.made[uid]} }
	return append(all,
		check{name: callbackPath + " without a key, a request id or a body", run: func(ctx context.Context, c *caller) error {
			reply := map[string]string{"meta": "m", "content": "WWVz"}
			bare := c.keyed(http.MethodPost, callbackPath, reply, id(c))
			delete(bare.header, "api_key")
			for _, r := range []request{bare, c.keyed(http.MethodPost, callbackPath, reply, nil), c.keyed(http.MethodPost, callbackPath, nil, id(c))} {
				if err := c.notAllowed(ctx, r, http.MethodPost); err != nil {
					return err
				}
			}
			return nil
		}},
		check{name: statusPath + " without a key, a request id or a status", run: func(ctx context.Context, c *caller) error {
			wanted := url.Values{"status": {"delivered"}}
			bare, nameless, idle := c.keyed(http.MethodGet, statusPath, nil, id(c)), c.keyed(http.MethodGet, statusPath, nil, nil), c.keyed(http.MethodGet, statusPath, nil, id(c))
			delete(bare.header, "api_key")
			bare.query, nameless.query = wanted, wanted
			for _, r := range []request{bare, nameless, idle} {
				if err := c.notAllowed(ctx, r, http.MethodGet); err != nil {
					return err
				}
			}
			return nil
		}},
	)
}
