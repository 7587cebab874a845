package oidc_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/govcrier/crier/api/oidc"
	"github.com/govcrier/crier/api/oidc/oidctest"
)

// FuzzVerify feeds Verify texts from outside, as they are and as correctly signed payloads: it never panics, and refuses
// with a kind of its own or identifies a client.
func FuzzVerify(f *testing.F) {
	p := oidctest.Start(f)
	p.Publish(oidctest.NewKey(f, "first", "EdDSA"))
	v := newVerifier(f, p)
	for _, seed := range []string{
		"", ".", "..", "a.b.c", p.Token(nil), unsigned("none", p.Claims(nil)), string(p.Claims(nil)), "null", `{"exp":1e400}`,
		`{"iss":"` + p.Issuer() + `","aud":"crier","exp":99999999999,"sub":"s","crier":{"roles":[null]}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, token := range []string{text, p.Key().Token(t, nil, []byte(text))} {
			id, err := v.Verify(t.Context(), token)
			if err == nil && id.Client == "" {
				t.Errorf("accepted without a client")
			}
			if err != nil && !slices.ContainsFunc(oidc.Kinds(), func(k oidc.Error) bool { return errors.Is(err, k) }) {
				t.Errorf("refused without a kind: %v", err)
			}
		}
	})
}
