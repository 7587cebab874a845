package conform

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
)

// The paths of the e-mail API (GovStack Messaging, OpenAPI 0.1.1).
const (
	singlePath   = "/send/email/single"
	batchPath    = "/send/email/batch"
	callbackPath = "/callback/email"
	statusPath   = "/status/email"
	healthPath   = "/healthcheck"
)

// Who sends, as in the specification's examples. A gateway that knows its senders has to know these as the caller's.
const (
	organisation = "Example Medical Institution"
	number       = "GOV1234567890"
)

// uid is the name under which the request id of the single e-mail is remembered.
const uid = "requestUID"

func emailSuite() suite {
	return suite{
		name: "email",
		lacks: func(o Options) string {
			if o.APIKey.IsZero() {
				return "--api-key"
			}
			return ""
		},
		checks: slices.Concat([]check{
			{name: "a single e-mail is taken, and its request id given", run: sendsSingle},
			{name: "the key may be spelled apiKey, and a content type be given", run: sendsSpelled},
			{name: "a bearer token does in place of a key", run: sendsByToken, needs: aToken},
			{name: "a batch is taken, and its request id given", run: sendsBatch},
			{name: "a batch may name its only recipient as a single e-mail does", run: func(ctx context.Context, c *caller) error {
				return c.sends(ctx, batchPath, c.single(), nil)
			}},
			{name: "a single e-mail may name its recipients as a batch does", run: func(ctx context.Context, c *caller) error {
				return c.sends(ctx, singlePath, c.batch(c.recipients()), nil)
			}},
			{name: "an Idempotency-Key is answered alike the second time", run: sendsOnce},
			{name: "another e-mail under the same Idempotency-Key is refused with 409", run: refusesReplay},
			{name: "exactly the statuses asked for are counted, as they were spelled", run: countsStatuses},
			{name: "statuses may come as a list with commas, or repeated", run: countsLists},
			{name: "a request that nobody has made is not there", run: countsUnknown},
			{name: "what another has sent looks as if it was not there", run: countsForeign, needs: otherKey},
			{name: "an answer of a person is taken", run: takesReply},
			{name: "callback.URI is called when a person has answered", run: callsBack, needs: anEar},
			{name: "the server says that it is well", run: func(ctx context.Context, c *caller) error {
				_, err := c.expect(ctx, request{method: http.MethodGet, path: healthPath}, http.StatusOK)
				return err
			}},
			{name: "a wrong key is refused", run: refusesWrongKey},
			{name: "a line break in title, name or address is refused", run: refusesInjection},
			{name: "an address with a comment or of a group is refused", run: refusesAddresses},
			{name: "a title, name or address that is too long is refused", run: refusesLength},
			{name: "an encoding that nobody knows is refused", run: refusesEncoding},
			{name: "a broken batch is refused whole", run: refusesBatches},
			{name: "base64 without its padding is refused", run: refusesPadding},
			{name: "a batch that is too large is refused", run: refusesLargeBatch},
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
			"organisationName": organisation, "organisationRegNr": number, "onBehalfOfName": organisation, "onBehalfOfRegNr": number,
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

func aToken(o Options) string {
	if o.Token.IsZero() {
		return "--token"
	}
	return ""
}

func sendsByToken(ctx context.Context, c *caller) error {
	r := c.keyed(http.MethodPost, singlePath, c.single(), map[string]string{"Authorization": "Bearer " + c.options.Token.Reveal()})
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
