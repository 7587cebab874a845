package httpsms

import (
	"net/http"
	"net/http/httptest"
	"strings"
)

// Listeners is how many listen to a provider's calls.
func Listeners(p *Provider) (n int) {
	if p.receipts.Listened() {
		n++
	}
	if p.texts.Listened() {
		n++
	}
	return n
}

// OpenJWT says whether a token is signed with a secret.
func OpenJWT(token, known string) bool {
	_, ok := openJWT(token, known)
	return ok
}

// Verified says whether a call is the provider's.
func Verified(p *Provider, at, body string, header http.Header) bool {
	r := httptest.NewRequest(http.MethodPost, at, strings.NewReader(body))
	r.Header = header
	c, err := p.proof(r)
	return err == nil && p.plan.verify(c.Context(), c, p.deps.Now()) == nil
}

// Filled is a template with its values.
func Filled(template, text string, escape bool) (string, error) {
	v := values{}
	for _, name := range valueNames() {
		v[name] = name
	}
	v["text"] = text
	by := map[bool]func(string) string{true: escapeXML}[escape]
	p, err := newPart(template, valueNames(), by)
	if err != nil {
		return "", err
	}
	return p.render(v)
}
