package httpsms

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/channels"
)

const (
	maxCall    = 64 << 10 // bytes of a call
	maxEach    = 1000     // things that one call says
	tokenField = "token"  // of the URL, ours
)

var (
	errFaulty  = errors.New("httpsms: a call that cannot be read")
	errMissing = errors.New("httpsms: nothing is heard of this kind")
	errLarge   = errors.New("httpsms: a call that is too large")
)

// serve answers a call.
func (p *Provider) serve(w http.ResponseWriter, r *http.Request) {
	kind := path.Base(r.URL.Path)
	err := p.hear(r, kind)
	if err != nil {
		p.refuse(w, kind, err)
		return
	}
	reply := p.plan.Receipt.Reply
	if kind == channels.InletInbound {
		reply = p.plan.Inbound.Reply
	}
	if reply.ContentType != "" {
		w.Header().Set("Content-Type", reply.ContentType)
	}
	w.WriteHeader(reply.Status)
	_, _ = io.WriteString(w, reply.Body)
}

// refuse says no in the provider's language, which is a status.
func (p *Provider) refuse(w http.ResponseWriter, kind string, err error) {
	status := http.StatusServiceUnavailable
	for _, known := range []struct {
		err    error
		status int
	}{{errForeign, http.StatusForbidden}, {errFaulty, http.StatusBadRequest}, {errMissing, http.StatusNotFound}, {errLarge, http.StatusRequestEntityTooLarge}} {
		if errors.Is(err, known.err) {
			status = known.status
		}
	}
	if status == http.StatusServiceUnavailable {
		p.deps.Log.Warn("what the provider has called is not taken yet", "provider", p.deps.Name, "kind", kind, "error", err)
	}
	w.WriteHeader(status)
}

// hear reads a call, sees whose it is, and hands on what it says.
func (p *Provider) hear(r *http.Request, kind string) error {
	take := map[string]func(context.Context, material) error{}
	if p.plan.Receipt.Status != "" {
		take[channels.InletReceipt] = p.takeReceipt
	}
	if p.plan.Inbound.Text != "" {
		take[channels.InletInbound] = p.takeInbound
	}
	if take[kind] == nil {
		return errMissing
	}
	c, err := p.proof(r)
	if err != nil {
		return err
	}
	if err := p.plan.verify(c.Context(), c, p.deps.Now()); err != nil {
		return err
	}
	m, ok := newMaterial(r.Header, r.URL.Query(), c.body)
	if !ok {
		return errFaulty
	}
	each := map[string][]string{channels.InletReceipt: p.plan.receipt.each, channels.InletInbound: p.plan.inbound.each}[kind]
	return several(r.Context(), m, each, take[kind])
}

// several hands on each thing that a call says.
func several(ctx context.Context, m material, each []string, take func(context.Context, material) error) error {
	if each == nil {
		return take(ctx, m)
	}
	list := walk(m.json, each)
	if list.Kind() != '[' {
		return errFaulty
	}
	all := elements(list)
	if len(all) > maxEach {
		return errFaulty
	}
	for _, one := range all {
		m.json, m.raw = jsontext.Value(one), one
		if err := take(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// proof reads the body of a call, and what the provider has called.
func (p *Provider) proof(r *http.Request) (proof, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxCall+1))
	if err != nil {
		return proof{}, errFaulty
	}
	if len(body) > maxCall {
		return proof{}, errLarge
	}
	c := proof{Request: r, body: body}
	if base := p.base.Load(); base != nil {
		c.url = *base + r.URL.RequestURI()
	}
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "application/x-www-form-urlencoded") {
		if c.form, err = url.ParseQuery(string(body)); err != nil {
			c.form = nil // nobody signs such a thing; whoever need not sign is told afterwards
		}
	}
	return c, nil
}
