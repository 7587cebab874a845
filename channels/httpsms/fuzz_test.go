package httpsms_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/govcrier/crier/channels/httpsms"
)

// FuzzCalls has a provider hear anything, as if it were the provider's.
func FuzzCalls(f *testing.F) {
	o := options(f, acme)
	o.Request.URL, o.SecretFile = "http://127.0.0.1:1", file(f, "x")
	o.Verify = httpsms.Verify{Networks: []string{"192.0.2.0/24"}}
	p, err := httpsms.New(o, deps(newTokens()))
	if err != nil {
		f.Fatal(err)
	}
	h := listen(f, p)
	for _, seed := range [][3]string{
		{"receipt", "application/json", events(`{"id":"a","state":"delivered","error":{"number":1e400}}`)},
		{"receipt", "application/x-www-form-urlencoded", "id=a&state=delivered&%"},
		{"inbound", "application/json", `{"texts":[{"id":"a","from":"996555000111","to":"1818","text":"\ud800","at":"x"}]}`},
		{"inbound", "", `{"texts":[[[[{}]]]]}`}, {"receipt", "text/xml", "<a/>"},
	} {
		f.Add(seed[0], "token=x", seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, kind, query, contentType, body string) {
		h.receipts, h.texts = nil, nil
		r := httptest.NewRequest(http.MethodPost, "/v1/inlets/acme/x", strings.NewReader(body))
		r.URL.Path, r.URL.RawQuery = "/v1/inlets/acme/"+kind, query
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		p.Inlet().ServeHTTP(w, r)
		for _, got := range h.receipts {
			if w.Code/100 != 2 && len(h.receipts) == 1 && w.Code != 400 || len(got.Code) > 32 || len(got.ProviderID) > 128 || got.At.IsZero() || got.ProviderID == "" && got.ID.UMID == "" {
				t.Errorf("%d %+v", w.Code, got)
			}
		}
		for _, got := range h.texts {
			if got.From.IsZero() || len(got.ID) > 140 || got.At.IsZero() {
				t.Errorf("%d %q %+v", w.Code, got.ID, got)
			}
		}
	})
}

// FuzzTemplates fills in whatever passes for a template: nothing of a value gets out of its place.
func FuzzTemplates(f *testing.F) {
	for _, seed := range []string{"{{.text}}", "{{if eq .encoding \"gsm7\"}}{{.to}}{{else}}x{{end}}", "{{not .text}}", "{{and .to .text}}", "{{.", "{{with .to}}{{.}}{{end}}"} {
		f.Add(seed, sly)
	}
	f.Fuzz(func(t *testing.T, template, text string) {
		for _, escape := range []bool{false, true} {
			out, err := httpsms.Filled(template, text, escape)
			if err == nil && escape && strings.Contains(text, "<") && !strings.Contains(template, "<") && strings.Contains(out, "<") {
				t.Errorf("%q %q: %q", template, text, out)
			}
			if form := (url.Values{"a": {out}}).Encode(); err == nil && strings.Count(form, "&")+strings.Count(form, "=") > 1 {
				t.Errorf("%q", form)
			}
		}
	})
}
