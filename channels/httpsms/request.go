package httpsms

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/rooms"
)

// identity is the same for every attempt of a delivery. One that was given up has another when it is tried anew, or the
// provider would only repeat what it has said.
func identity(d rooms.Delivery) string {
	id := string(d.ID.UMID) + "-" + strconv.Itoa(d.ID.N)
	if d.Round > 0 {
		id += "-r" + strconv.Itoa(d.Round)
	}
	return id
}

// valuesOf are those of a delivery.
func (p *Provider) valuesOf(d rooms.Delivery, credential string, now time.Time) values {
	text, to := d.Content.ShortText().Reveal(), d.To.Address.Reveal()
	from := d.Sender.SMS
	if from == "" {
		from = p.plan.From
	}
	size := rooms.MeasureSMS(text)
	encoding := "gsm7"
	if size.Encoding == rooms.UCS2 {
		encoding = "ucs2"
	}
	left := max(d.Deadline.Sub(now), time.Minute)
	if most := p.plan.Request.MaxValidity; most > 0 {
		left = min(left, most)
	}
	v := values{
		"account": p.plan.Account, "secret": credential,
		"to": to, "toDigits": strings.TrimPrefix(to, "+"), "from": from, "fromDigits": strings.TrimPrefix(from, "+"),
		"text": text, "id": identity(d), "attempt": strconv.Itoa(d.Attempt),
		"validity": strconv.Itoa(int(left / time.Minute)), "validitySeconds": strconv.Itoa(int(left / time.Second)),
		"encoding": encoding, "segments": strconv.Itoa(size.Segments),
	}
	v["receiptURL"], v["inboundURL"] = p.receiptURL(d.Token), p.inboundURL()
	return v
}

// request is what is sent for a delivery.
func (p *plan) request(ctx context.Context, v values) (*http.Request, error) {
	body, kind, err := p.content(v)
	if err != nil {
		return nil, err
	}
	at := *p.url
	query, err := fill(p.query, v)
	if err != nil {
		return nil, err
	}
	if len(query) > 0 {
		all := at.Query()
		for name := range query {
			all.Set(name, query.Get(name))
		}
		at.RawQuery = all.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, p.Request.Method, at.String(), bytes.NewReader(body))
	if err != nil {
		return nil, errRender
	}
	headers, err := fill(p.headers, v)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "crier")
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for name := range headers {
		r.Header.Set(name, headers.Get(name))
	}
	if p.Request.IDHeader != "" {
		r.Header.Set(p.Request.IDHeader, v["id"])
	}
	p.authorise(r, v["secret"])
	return r, nil
}

func (p *plan) authorise(r *http.Request, credential string) {
	switch p.Request.Auth {
	case AuthBasic:
		r.SetBasicAuth(p.Request.Username, credential)
	case AuthBearer:
		r.Header.Set("Authorization", "Bearer "+credential)
	case AuthHeader:
		r.Header.Set(p.Request.Header, strings.TrimSpace(p.Request.Scheme+" "+credential))
	}
}

// fill gives the parts that have something to say.
func fill(all map[string]part, v values) (url.Values, error) {
	out := url.Values{}
	for name, one := range all {
		s, err := one.render(v)
		if err != nil {
			return nil, err
		}
		if s != "" {
			out.Set(name, s)
		}
	}
	return out, nil
}

// content is the body, and its type.
func (p *plan) content(v values) (body []byte, kind string, err error) {
	switch p.Request.ContentType {
	case Form:
		fields, err := fill(p.form, v)
		return []byte(fields.Encode()), "application/x-www-form-urlencoded", err
	case JSON:
		tree, _, err := p.json(v)
		if err != nil {
			return nil, "", err
		}
		body, err := json.Marshal(tree, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
		if err != nil {
			return nil, "", errRender
		}
		return body, "application/json", nil
	case XML, Text:
		text, err := p.body.render(v)
		kind := map[string]string{XML: "application/xml; charset=utf-8", Text: "text/plain; charset=utf-8"}[p.Request.ContentType]
		return []byte(text), kind, err
	}
	return nil, "", nil
}
