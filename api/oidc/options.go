package oidc

import (
	"cmp"
	"slices"
	"time"

	coreoidc "github.com/coreos/go-oidc/v3/oidc"
)

// Options say which tokens to accept. Only Issuer has no default.
type Options struct {
	// Issuer is the provider's issuer URL, exactly as it stands in the tokens' iss and in its discovery document.
	Issuer string `yaml:"issuer"`
	// Audience must be among the tokens' aud. Default "crier".
	Audience string `yaml:"audience"`
	// Algorithms are the accepted signature algorithms (RFC 7518 §3.1), asymmetric ones only.
	// Default RS256, ES256, EdDSA.
	Algorithms []string `yaml:"algorithms"`
	// ClockSkew is the tolerance applied to exp, nbf and iat. Default 30s.
	ClockSkew time.Duration `yaml:"clockSkew"`
	// ClaimPath leads to the object whose member "roles" lists the bearer's roles: a claim's full name, or names joined
	// by dots such as "resource_access.crier". A token without that object has no roles. Default "crier".
	ClaimPath string `yaml:"claimPath"`
	// ClientClaims are the claims that may name the client; the first one present counts. Default azp, client_id, sub.
	ClientClaims []string `yaml:"clientClaims"`
	// KeyRefreshInterval is the least time between two readings of the provider's key set. Default 10s.
	KeyRefreshInterval time.Duration `yaml:"keyRefreshInterval"`
	// CacheSize is how many verified tokens are remembered until they end; below zero none. Default 10000.
	CacheSize int `yaml:"cacheSize"`
	// RequestTimeout bounds each request to the provider. Default 5s.
	RequestTimeout time.Duration `yaml:"requestTimeout"`
	// CAFile names a PEM file of certificate authorities to trust for the provider instead of the system's.
	CAFile string `yaml:"caFile"`
	// AllowHTTP accepts an issuer without TLS on another host than this one. Whoever can alter that traffic can then
	// forge tokens.
	AllowHTTP bool `yaml:"allowHttp"`
	// Now is the clock; nil means time.Now.
	Now func() time.Time `yaml:"-"`
}

// asymmetric are the algorithms a deployment may choose from; none and HS* are not among them on purpose.
func asymmetric() []string {
	return []string{
		coreoidc.RS256, coreoidc.RS384, coreoidc.RS512,
		coreoidc.PS256, coreoidc.PS384, coreoidc.PS512,
		coreoidc.ES256, coreoidc.ES384, coreoidc.ES512,
		coreoidc.EdDSA,
	}
}

// withDefaults fills in what was left at its zero value.
func (o Options) withDefaults() Options {
	o.Audience = cmp.Or(o.Audience, "crier")
	o.ClockSkew = cmp.Or(o.ClockSkew, 30*time.Second)
	o.ClaimPath = cmp.Or(o.ClaimPath, "crier")
	o.KeyRefreshInterval = cmp.Or(o.KeyRefreshInterval, 10*time.Second)
	o.CacheSize = cmp.Or(o.CacheSize, 10000)
	o.RequestTimeout = cmp.Or(o.RequestTimeout, 5*time.Second)
	o.Algorithms = orDefault(o.Algorithms, coreoidc.RS256, coreoidc.ES256, coreoidc.EdDSA)
	o.ClientClaims = orDefault(o.ClientClaims, "azp", "client_id", "sub")
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func orDefault(list []string, otherwise ...string) []string {
	if len(list) == 0 {
		return otherwise
	}
	return slices.Clone(list)
}
