package httpsms

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/govcrier/crier/channels/credential"
	"github.com/govcrier/crier/rooms"
)

// plan is a configuration that has been read: what Check finds faults in, and what a provider works by.
type plan struct {
	Options
	url                  *url.URL
	query, form, headers map[string]part
	json                 branch
	body                 part
	namesURL             bool // the request says where to report
	rules                []rule
	id, code             place
	receipt              receiptPlan
	inbound              inboundPlan
	networks             []netip.Prefix
}

// faults are gathered, so that all are told at once.
type faults []error

func (f *faults) when(is bool, text string, args ...any) {
	if is {
		*f = append(*f, fmt.Errorf("httpsms: "+text, args...))
	}
}

// at adds the parts of an error under the name of a key.
func (f *faults) at(name string, err error) {
	var several interface{ Unwrap() []error }
	switch {
	case err == nil:
	case errors.As(err, &several):
		for _, one := range several.Unwrap() {
			f.at(name, one)
		}
	default:
		*f = append(*f, fmt.Errorf("httpsms: %s: %w", name, err))
	}
}

// newPlan reads options that have their defaults, and names all their faults.
func newPlan(o Options) (*plan, []error) {
	p := &plan{Options: o}
	var f faults
	_, err := profile(o.Profile)
	f.when(err != nil, "profile: one of %s, or none", strings.Join(Profiles(), ", "))
	if o.From != "" {
		_, err := rooms.ParseSenderID(o.From)
		f.at("from", err)
	}
	p.readRequest(&f)
	p.readAnswer(&f)
	p.readVerify(&f)
	p.readCalls(&f)
	for _, err := range o.Options.Check() {
		f.when(true, "%s", strings.TrimPrefix(err.Error(), "outbound: "))
	}
	return p, f
}

func (p *plan) readRequest(f *faults) {
	r := p.Request
	f.when(!slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodGet}, r.Method), "request.method: POST, PUT or GET")
	var err error
	p.url, err = p.address()
	f.at("request.url", err)
	p.query = parts(f, "request.query", r.Query, valueNames())
	p.form = parts(f, "request.form", r.Form, valueNames())
	p.headers = parts(f, "request.headers", r.Headers, headerNames())
	for name, text := range r.Headers {
		f.when(!isHeaderName(name) || !isHeaderValue(text), "request.headers: %q is no header", name)
	}
	p.readBody(f)
	f.when(!slices.Contains([]string{AuthNone, AuthBasic, AuthBearer, AuthHeader}, r.Auth), "request.auth: none, basic, bearer or header")
	f.when(r.Auth != AuthNone && p.SecretFile == "", "secretFile: needed for request.auth")
	f.when(r.Auth == AuthHeader && !isHeaderName(r.Header), "request.header: the header for the secret")
	f.when(r.Auth == AuthBasic && r.Username == "", "account: needed for request.auth")
	f.when(r.IDHeader != "" && !isHeaderName(r.IDHeader), "request.idHeader: the name of a header")
	f.when(!isHeaderValue(r.Scheme), "request.scheme: one word")
	f.when(r.MaxValidity < 0, "request.maxValidity: not negative")
	p.namesURL = strings.Contains(fmt.Sprint(r.Query, r.Form, r.JSON, r.Body, r.Headers), ".receiptURL")
	if p.SecretFile != "" {
		f.at("secretFile", credential.CheckLine(p.SecretFile))
	}
}

// readBody takes the one of form, JSON and body that the content type asks for.
func (p *plan) readBody(f *faults) {
	r := p.Request
	escape := map[string]func(string) string{XML: escapeXML}[r.ContentType]
	var err error
	p.body, err = newPart(r.Body, valueNames(), escape)
	f.at("request.body", err)
	given := map[string]bool{Form: len(r.Form) > 0, JSON: len(r.JSON) > 0, XML: r.Body != "", Text: r.Body != ""}
	f.when(!slices.Contains([]string{Form, JSON, XML, Text, None}, r.ContentType), "request.contentType: form, json, xml, text or none")
	f.when(r.ContentType != Form && given[Form] || r.ContentType != JSON && given[JSON] || r.ContentType != XML && r.ContentType != Text && given[Text],
		"request.contentType: %s, yet there is something else to send", r.ContentType)
	f.when(r.Method == http.MethodGet && r.ContentType != None, "request.method: GET has no body")
	p.json, err = newBranch(map[string]any(r.JSON), "request.json")
	if err != nil {
		f.when(true, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
}

// address is the URL, in which only the account can be named: nobody who writes or is written to chooses who is called.
func (p *plan) address() (*url.URL, error) {
	if p.Request.URL == "" {
		return nil, errors.New("is missing")
	}
	t, err := newPart(p.Request.URL, []string{"account"}, url.PathEscape)
	if err != nil {
		return nil, err
	}
	text, err := t.render(values{"account": p.Account})
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.Fragment != "" {
		return nil, errors.New("an absolute URL, https, or http in a network that is allowed")
	}
	if u.Scheme == "http" && len(p.Allow) == 0 {
		return nil, errors.New("https, for what is not in a network that is allowed")
	}
	if p.Account == "" && strings.Contains(p.Request.URL, "{{") {
		return nil, errors.New("has the account in it, which is missing")
	}
	return u, nil
}

func parts(f *faults, at string, texts map[string]string, names []string) map[string]part {
	out := map[string]part{}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		p, err := newPart(texts[name], names, nil)
		f.at(at+"."+name, err)
		out[name] = p
	}
	return out
}

func (p *plan) readAnswer(f *faults) {
	for i, r := range p.Answer.Rules {
		one, err := newRule(r)
		f.at(fmt.Sprintf("answer.rules[%d]", i), err)
		p.rules = append(p.rules, one)
	}
	p.rules = append(p.rules, usualRules()...)
	p.id = placeAt(f, "answer.id", p.Answer.ID)
	p.code = placeAt(f, "answer.code", p.Answer.Code)
}

func placeAt(f *faults, at, text string) place {
	found, err := newPlace(text)
	f.at(at, err)
	return found
}

// hears says that the provider calls.
func (o Options) hears() bool { return o.Receipt.Status != "" || o.Inbound.Text != "" }
