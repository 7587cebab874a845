package oidc_test

import (
	"testing"

	"github.com/govcrier/crier/api/oidc"
	"github.com/govcrier/crier/api/oidc/oidctest"
)

func BenchmarkVerify(b *testing.B) {
	p := oidctest.Start(b)
	token := p.Token(map[string]any{"scope": "openid profile email crier and whatever else a provider of this size adds"})
	for name, size := range map[string]int{"remembered": 0, "anew": -1} {
		b.Run(name, func(b *testing.B) {
			v := newVerifier(b, p, func(o *oidc.Options) { o.CacheSize = size })
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
