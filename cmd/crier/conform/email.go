package conform

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The paths of the e-mail API (GovStack Messaging, OpenAPI 0.1.1).
const (
	singlePath   = "/send/email/single"
	batchPath    = "/send/email/batch"
	callbackPath = "/callback/email"
	statusPath   = "/status/email"
	healthPath   = "/healthcheck"
)

// uid is the name under which the request id of the single e-mail is remembered.
const uid = "requestUID"

func emailSuite() suite {
	return suite{
		name: "email",
		lacks: func(o Options) string {
			if o.APIKey.IsZero() {
				return "no API key is given"
			}
			return ""
		},
		checks: slices.Concat([]check{
			{"a single e-mail is taken, and its request id given", sendsSingle},
			{"the key may be spelled apiKey, and a content type be given", sendsSpelled},
			{"a batch is taken, and its request id given", sendsBatch},
			{"a batch may name its only recipient as a single e-mail does", func(ctx context.Context, c *caller) error {
				return c.sends(ctx, batchPath, c.single(), nil)
			}},
			{"a single e-mail may name its recipients as a batch does", func(ctx context.Context, c *caller) error {
				return c.sends(ctx, singlePath, c.batch(c.recipients()), nil)
			}},
			{"an Idempotency-Key is answered alike the second time", sendsOnce},
			{"exactly the statuses asked for are counted, as they were spelled", countsStatuses},
			{"statuses may come as a list with commas, or repeated", countsLists},
			{"what another has sent looks as if it was not there", countsForeign},
			{"an answer of a person is taken", takesReply},
			{"the server says that it is well", func(ctx context.Context, c *caller) error {
				_, err := c.expect(ctx, request{method: http.MethodGet, path: healthPath}, http.StatusOK)
				return err
			}},
			{"a wrong key is refused", refusesWrongKey},
			{"a line break in title, name or address is refused", refusesInjection},
			{"a broken batch is refused whole", refusesBatches},
		}, methodChecks(), missingChecks()),
	}
}

// mail is a request as the document describes it.
type mail map[string]map[string]any

func (c *caller) single() mail {
	return c.mail(map[string]any{"email": c.options.Recipient, "emailCC": "cc-" + c.options.Recipient, "emailBCC": "bcc-" + c.options.Recipient, "name": "Example Person"})
}

func (c *caller) mail(recipients map[string]any) mail {
	return mail{
		"callback": {"URI": "https://example.com/callback/emails"},
		"senderInfo": {
			"organisationName": "Example Institution", "organisationRegNr": "GOV1", "onBehalfOfName": "Example Institution", "onBehalfOfRegNr": "GOV1",
			"email": c.options.Sender, "replyTo": c.options.Sender, "name": "Example Office",
		},
		"recipientInfo": recipients,
		"emailContent":  {"encoding": "UTF-8", "title": "Check of conformance", "content": "There is nothing to do."},
	}
}

func (c *caller) recipients() []map[string]map[string]string {
	return []map[string]map[string]string{
		{"recipientInfo": {"email": c.options.Recipient, "name": "Example Person"}},
		{"recipientInfo": {"email": "second-" + c.options.Recipient}},
	}
}

func (c *caller) batch(entries any) mail {
	text, err := json.Marshal(entries)
	if err != nil {
		return nil // maps of strings always marshal
	}
	return c.mail(map[string]any{"batchEmailAsBase64": base64.StdEncoding.EncodeToString(text)})
}

// keyed is a call with the key.
func (c *caller) keyed(method, path string, body any, more map[string]string) request {
	r := request{method: method, path: path, header: map[string]string{"api_key": c.options.APIKey.Reveal()}}
	maps.Copy(r.header, more)
	if body != nil {
		text, err := json.Marshal(body)
		if err == nil {
			r.body = string(text)
		}
	}
	return r
}

// sends sends, and remembers the request id under a name, if one is given.
func (c *caller) sends(ctx context.Context, path string, m mail, header map[string]string, name ...string) error {
	a, err := c.expect(ctx, c.keyed(http.MethodPost, path, m, header), http.StatusOK)
	if err != nil {
		return err
	}
	if _, err := a.text("response"); err != nil {
		return err
	}
	id, err := a.text(uid)
	for _, n := range name {
		c.made[n] = id
	}
	return err
}

func sendsSingle(ctx context.Context, c *caller) error {
	return c.sends(ctx, singlePath, c.single(), nil, uid)
}

func sendsSpelled(ctx context.Context, c *caller) error {
	r := c.keyed(http.MethodPost, singlePath, c.single(), map[string]string{"Content-Type": "application/json", "apiKey": c.options.APIKey.Reveal()})
	delete(r.header, "api_key")
	_, err := c.expect(ctx, r, http.StatusOK)
	return err
}

func sendsBatch(ctx context.Context, c *caller) error {
	return c.sends(ctx, batchPath, c.batch(c.recipients()), nil, "batch")
}

func sendsOnce(ctx context.Context, c *caller) error {
	key := map[string]string{"Idempotency-Key": "conform-" + c.made[uid]}
	if err := cmp.Or(c.sends(ctx, singlePath, c.single(), key, "first"), c.sends(ctx, singlePath, c.single(), key, "second")); err != nil {
		return err
	}
	if c.made["first"] != c.made["second"] {
		return errors.New("the second time it has another request id")
	}
	return nil
}

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

func countsForeign(ctx context.Context, c *caller) error {
	r := c.keyed(http.MethodGet, statusPath, nil, map[string]string{"requestUID": "01AAAAAAAAAAAAAAAAAAAAAAAA"})
	r.query = url.Values{"status": {"delivered"}}
	return c.denied(ctx, r, "an unknown request id")
}

func takesReply(ctx context.Context, c *caller) error {
	reply := map[string]string{"meta": "text/plain", "content": base64.StdEncoding.EncodeToString([]byte("Yes"))}
	_, err := c.expect(ctx, c.keyed(http.MethodPost, callbackPath, reply, map[string]string{"requestUID": c.made[uid]}), http.StatusOK)
	return err
}

func refusesWrongKey(ctx context.Context, c *caller) error {
	return c.denied(ctx, c.keyed(http.MethodPost, singlePath, c.single(), map[string]string{"api_key": "nobody's"}), "a key that is nobody's")
}

func refusesInjection(ctx context.Context, c *caller) error {
	const injected = "x\r\nBcc: victim@example.com"
	for _, at := range []string{"emailContent/title", "senderInfo/name", "recipientInfo/name", "recipientInfo/email"} {
		m := c.single()
		part, member, _ := strings.Cut(at, "/")
		m[part][member] = injected
		if err := c.refused(ctx, c.keyed(http.MethodPost, singlePath, m, nil), at); err != nil {
			return err
		}
	}
	return nil
}

func refusesBatches(ctx context.Context, c *caller) error {
	notBase64, notJSON := c.batch(nil), c.batch(nil)
	notBase64["recipientInfo"]["batchEmailAsBase64"] = "***"
	notJSON["recipientInfo"]["batchEmailAsBase64"] = base64.StdEncoding.EncodeToString([]byte("[{"))
	for what, m := range map[string]mail{
		"not base64": notBase64, "not JSON": notJSON, "an empty list": c.batch([]string{}),
		"an entry without an address": c.batch(append(c.recipients(), map[string]map[string]string{"recipientInfo": {"email": "nobody"}})),
	} {
		if err := c.refused(ctx, c.keyed(http.MethodPost, batchPath, m, nil), what); err != nil {
			return err
		}
	}
	return nil
}
