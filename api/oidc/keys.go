package oidc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/go-jose/go-jose/v4"
)

// keySet holds the provider's public keys (RFC 7517) and reads them anew when a signature fits none. go-oidc's own
// RemoteKeySet would ask the provider at every such token.
type keySet struct {
	url        string
	algorithms []jose.SignatureAlgorithm
	fetcher    *fetcher
	replaced   func() // called after the keys have changed

	document []byte // what keys were parsed from; for accept alone
	keys     atomic.Pointer[[]jose.JSONWebKey]
}

// verify returns the payload that the token's signature vouches for, or ErrMalformed, ErrSignature or ErrUnavailable.
func (s *keySet) verify(ctx context.Context, token string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(token, s.algorithms)
	if err != nil {
		return nil, ErrMalformed
	}
	if payload, ok := s.payload(jws); ok {
		return payload, nil
	}
	if _, err := s.fetcher.get(ctx, s.url); err != nil {
		return nil, unavailable(err)
	}
	if payload, ok := s.payload(jws); ok {
		return payload, nil
	}
	return nil, ErrSignature
}

// payload tries the keys that the token's header may mean: all, unless it names one.
func (s *keySet) payload(jws *jose.JSONWebSignature) ([]byte, bool) {
	keys := s.keys.Load()
	if keys == nil {
		return nil, false
	}
	header := jws.Signatures[0].Header
	for _, key := range *keys {
		if header.KeyID != "" && header.KeyID != key.KeyID || key.Algorithm != "" && key.Algorithm != header.Algorithm {
			continue
		}
		if payload, err := jws.Verify(&key); err == nil {
			return payload, true
		}
	}
	return nil, false
}

// accept takes a new key set over. The keys change before replaced is called, so that whoever starts to verify after that
// uses the new ones.
func (s *keySet) accept(document []byte) error {
	keys, err := parseKeys(document)
	if err != nil {
		return err
	}
	if !bytes.Equal(s.document, document) {
		s.document = document
		s.keys.Store(&keys)
		s.replaced()
	}
	return nil
}

// parseKeys reads the keys for signatures. It passes over those it does not understand, as RFC 7517 §5 asks for; a set
// without any other is no key set, so that the keys known before stay.
func parseKeys(document []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(document, &set); err != nil {
		return nil, errors.New("key set not understood")
	}
	var keys []jose.JSONWebKey
	for _, text := range set.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(text, &key) == nil && key.IsPublic() && key.Use != "enc" {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("none of the %d keys in the key set is a usable public key", len(set.Keys))
	}
	return keys, nil
}

// unavailable adds the reason, which is about the provider and never about a token.
func unavailable(cause error) error {
	return fmt.Errorf("%w: %w", ErrUnavailable, cause)
}
