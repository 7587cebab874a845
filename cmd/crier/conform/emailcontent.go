package conform

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

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

// refusesReplay sends another e-mail under the key that sendsOnce has used.
func refusesReplay(ctx context.Context, c *caller) error {
	m := c.single()
	m["emailContent"]["title"] = "Another check of conformance"
	r := c.keyed(http.MethodPost, singlePath, m, map[string]string{"Idempotency-Key": "conform-" + c.made[uid]})
	return c.answered(ctx, r, "another e-mail under the same key", http.StatusConflict)
}

// refusesEach wants a single e-mail to be refused with each of some texts at a place, such as recipientInfo/email.
func (c *caller) refusesEach(ctx context.Context, at string, texts ...string) error {
	part, member, _ := strings.Cut(at, "/")
	for _, text := range texts {
		m := c.single()
		m[part][member] = text
		if err := c.refused(ctx, c.keyed(http.MethodPost, singlePath, m, nil), fmt.Sprintf("%.40q at %s", text, at)); err != nil {
			return err
		}
	}
	return nil
}

func refusesEncoding(ctx context.Context, c *caller) error {
	return c.refusesEach(ctx, "emailContent/encoding", "EBCDIC-nobody", "no encoding")
}

func refusesAddresses(ctx context.Context, c *caller) error {
	to := c.options.Recipient
	bad := []string{to + " (comment)", "(comment)" + to, "Group: " + to + ";", "undisclosed-recipients:;", "nobody", "@", to + "@" + to}
	return cmp.Or(c.refusesEach(ctx, "recipientInfo/email", bad...), c.refusesEach(ctx, "recipientInfo/emailCC", bad...), c.refusesEach(ctx, "recipientInfo/emailBCC", bad...))
}

// refusesLength goes by RFC 5321 §4.5.3.1.3 (an address) and RFC 5322 §2.1.1 (a line).
func refusesLength(ctx context.Context, c *caller) error {
	const address, line = 254, 998
	_, domain, _ := strings.Cut(c.options.Recipient, "@")
	return cmp.Or(
		c.refusesEach(ctx, "recipientInfo/email", strings.Repeat("a", address)+"@"+domain, "a@"+strings.Repeat("a.", address/2)+domain),
		c.refusesEach(ctx, "recipientInfo/name", strings.Repeat("n", line+1)),
		c.refusesEach(ctx, "emailContent/title", strings.Repeat("t", line+1)),
	)
}

func refusesPadding(ctx context.Context, c *caller) error {
	const entry = `[{"recipientInfo":{"email":"%s"}}]`
	text := fmt.Sprintf(entry, c.options.Recipient)
	for len(text)%3 == 0 { // which has no padding
		text += " "
	}
	m := c.batch(nil)
	m["recipientInfo"]["batchEmailAsBase64"] = base64.RawStdEncoding.EncodeToString([]byte(text))
	reply := map[string]string{"meta": "text/plain", "content": base64.RawStdEncoding.EncodeToString([]byte("Yes!"))}
	return cmp.Or(
		c.refused(ctx, c.keyed(http.MethodPost, batchPath, m, nil), "a batch"),
		c.refused(ctx, c.keyed(http.MethodPost, callbackPath, reply, map[string]string{"requestUID": c.made[uid]}), "an answer"),
	)
}

// refusesLargeBatch sends more than anybody shall take at once: a hundred thousand recipients.
func refusesLargeBatch(ctx context.Context, c *caller) error {
	const many = 100_000
	var text strings.Builder
	text.WriteByte('[')
	for n := range many {
		fmt.Fprintf(&text, `{"recipientInfo":{"email":"%d-%s"}},`, n, c.options.Recipient)
	}
	m := c.batch(nil)
	m["recipientInfo"]["batchEmailAsBase64"] = base64.StdEncoding.EncodeToString([]byte(strings.TrimSuffix(text.String(), ",") + "]"))
	return c.refused(ctx, c.keyed(http.MethodPost, batchPath, m, nil), "100,000 recipients")
}
