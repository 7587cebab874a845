package oidc

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"sync/atomic"

	coreoidc "github.com/coreos/go-oidc/v3/oidc"
)

// Verifier verifies tokens. It is safe for concurrent use and needs no closing.
type Verifier struct {
	options   Options
	config    *coreoidc.Config
	transport http.RoundTripper
	discovery *fetcher
	cache     *cache
	keys      atomic.Pointer[keySet] // nil until discovered
}

// New returns a verifier for faultless options, after one try to read the provider's discovery document. A provider that
// does not answer is no error, for it may start later than crier: the first verifications try again, at most once per
// Options.KeyRefreshInterval, and are refused with ErrUnavailable until one succeeds. A provider that answers with another
// issuer than the configured one is an error, because waiting would not mend it.
func New(ctx context.Context, o Options) (*Verifier, error) {
	if faults := o.Check(); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	o = o.withDefaults()
	transport, err := newTransport(o)
	if err != nil {
		return nil, err
	}
	v := &Verifier{
		options:   o,
		config:    signatureOnly(o.Algorithms),
		transport: transport,
		discovery: newFetcher(o, transport, anything),
		cache:     newCache(o.CacheSize),
	}
	if mismatch := (*coreoidc.IssuerMismatchError)(nil); errors.As(v.Ready(ctx), &mismatch) {
		return nil, mismatch
	}
	return v, nil
}

// signatureOnly leaves to go-oidc the parsing and the signature; the claims are judged here, with a kind for each fault.
func signatureOnly(algorithms []string) *coreoidc.Config {
	return &coreoidc.Config{
		SupportedSigningAlgs: algorithms,
		SkipClientIDCheck:    true,
		SkipExpiryCheck:      true,
		SkipIssuerCheck:      true,
	}
}

// Ready returns nil once the provider has been discovered, else it tries, within the same limit as Verify, and returns
// ErrUnavailable with the reason.
func (v *Verifier) Ready(ctx context.Context) error {
	if v.keys.Load() != nil {
		return nil
	}
	url, err := discover(ctx, v.options, v.discovery)
	if err != nil {
		return unavailable(err)
	}
	v.keys.CompareAndSwap(nil, newKeySet(v.options, url, v.transport, v.cache.clear))
	return nil
}

// Verify returns whom the token identifies, or why it is refused: one of Kinds, by errors.Is. The token is what follows
// "Bearer " in the Authorization header (RFC 6750 §2.1). The context bounds only the wait for the provider's keys, which
// a token verified before never needs.
func (v *Verifier) Verify(ctx context.Context, token string) (Identity, error) {
	switch {
	case token == "":
		return Identity{}, ErrMissing
	case len(token) > maxToken:
		return Identity{}, ErrMalformed
	}
	key := fingerprint(sha256.Sum256([]byte(token)))
	if id, ok := v.cache.get(key, v.options.Now()); ok {
		return id, nil
	}
	generation := v.cache.current()
	id, err := v.verify(ctx, token)
	if err != nil {
		return Identity{}, err
	}
	v.cache.put(key, entry{id.clone(), id.Expires.Add(v.options.ClockSkew)}, generation)
	return id, nil
}

func (v *Verifier) verify(ctx context.Context, token string) (Identity, error) {
	if err := checkForm(token, v.options.Algorithms); err != nil {
		return Identity{}, err
	}
	payload, err := v.payload(ctx, token)
	if err != nil {
		return Identity{}, err
	}
	claims, err := parseClaims(payload)
	if err != nil {
		return Identity{}, err
	}
	if err := claims.check(v.options, v.options.Now()); err != nil {
		return Identity{}, err
	}
	return claims.identity(v.options)
}

// payload returns what the token's signature vouches for.
func (v *Verifier) payload(ctx context.Context, token string) ([]byte, error) {
	if err := v.Ready(ctx); err != nil {
		return nil, err
	}
	a := &attempt{keys: v.keys.Load()}
	_, err := coreoidc.NewVerifier(v.options.Issuer, a, v.config).Verify(ctx, token)
	switch {
	case a.err != nil:
		return nil, a.err
	case err != nil:
		return nil, ErrMalformed
	}
	return a.payload, nil
}

// attempt is the key set for one verification. It keeps what go-oidc's verifier turns into text: the payload, and the kind
// of refusal.
type attempt struct {
	keys    *keySet
	payload []byte
	err     error
}

// VerifySignature implements coreoidc.KeySet.
func (a *attempt) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	a.payload, a.err = a.keys.verify(ctx, token)
	return a.payload, a.err
}
