package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/govcrier/crier/api/oidc"
	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// identify finds out who calls, unless that is known, and keeps out who is blocked, or would be the gateway itself.
func (s *Server) identify(c *call) error {
	if c.client == "" {
		authenticate := s.authenticate
		if c.route.front != nil {
			authenticate = c.route.front.identify
		}
		if err := authenticate(c); err != nil {
			return err
		}
	}
	if c.client == rooms.Gateway || s.deps.Blocked.Has(c.client) {
		return problem.Of(v1.ProblemCodeClientBlocked)
	}
	return nil
}

// authenticate finds out who sent a token.
func (s *Server) authenticate(c *call) error {
	token, err := bearer(c.r.Header)
	if err != nil {
		return err
	}
	id, err := s.deps.Verifier.Verify(c.context(), token)
	if err != nil {
		return problem.Because(tokenProblem(err), err)
	}
	if c.client, err = rooms.ParseClient(id.Client); err != nil {
		return problem.Because(v1.ProblemCodeTokenMalformed, err)
	}
	c.has, c.expires = platformRights(id.Roles), id.Expires
	return nil
}

// bearer reads the one header of RFC 6750 §2.1; tokens in the body or the query are not looked for.
func bearer(h http.Header) (string, error) {
	values := h["Authorization"]
	if len(values) == 0 {
		return "", problem.Of(v1.ProblemCodeTokenMissing)
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "bearer") {
		return "", problem.Of(v1.ProblemCodeTokenMissing)
	}
	if len(values) > 1 || token == "" || strings.ContainsAny(token, " \t,") {
		return "", problem.Of(v1.ProblemCodeTokenMalformed)
	}
	return token, nil
}

// tokenProblem names the problem of each kind of refusal.
func tokenProblem(err error) v1.ProblemCode {
	for _, k := range []struct {
		kind oidc.Error
		code v1.ProblemCode
	}{
		{oidc.ErrMissing, v1.ProblemCodeTokenMissing},
		{oidc.ErrMalformed, v1.ProblemCodeTokenMalformed},
		{oidc.ErrExpired, v1.ProblemCodeTokenExpired},
		{oidc.ErrNotYetValid, v1.ProblemCodeTokenNotYetValid},
		{oidc.ErrAudience, v1.ProblemCodeTokenAudience},
		{oidc.ErrIssuer, v1.ProblemCodeTokenIssuer},
		{oidc.ErrAlgorithm, v1.ProblemCodeTokenAlgorithm},
		{oidc.ErrSignature, v1.ProblemCodeTokenSignature},
		{oidc.ErrUnavailable, v1.ProblemCodeIdentityUnavailable},
	} {
		if errors.Is(err, k.kind) {
			return k.code
		}
	}
	return v1.ProblemCodeInternal
}

// challenge is what WWW-Authenticate says of a problem (RFC 6750 §3); empty if nothing.
func challenge(e problem.Entry) string {
	switch {
	case e.Code == v1.ProblemCodeTokenMissing:
		return `Bearer realm="crier"`
	case e.Status == http.StatusUnauthorized:
		return `Bearer realm="crier", error="invalid_token", error_description="` + e.Title + `"`
	case e.Code == v1.ProblemCodeForbidden:
		return `Bearer realm="crier", error="insufficient_scope"`
	}
	return ""
}
