package oidc

// Error is the kind of a refusal. Compare with errors.Is; the error that Verify returns may carry a private cause besides.
type Error string

// The kinds of refusal. All but ErrUnavailable are the bearer's fault (401); ErrUnavailable is ours or the provider's (503).
const (
	// ErrMissing: there was no token.
	ErrMissing Error = "bearer token missing"
	// ErrMalformed: not a JWT access token, or one whose claims have the wrong type, occur twice, or lack exp or a client.
	ErrMalformed Error = "bearer token malformed"
	// ErrExpired: exp has passed, by more than the allowed clock skew.
	ErrExpired Error = "bearer token expired"
	// ErrNotYetValid: nbf or iat lies in the future, by more than the allowed clock skew.
	ErrNotYetValid Error = "bearer token not yet valid"
	// ErrAudience: the token is meant for somebody else.
	ErrAudience Error = "bearer token for another audience"
	// ErrIssuer: the token names another issuer than the configured one.
	ErrIssuer Error = "bearer token from another issuer"
	// ErrAlgorithm: signed with an algorithm that is not allowed here, such as none or HS256.
	ErrAlgorithm Error = "bearer token signed with an algorithm not allowed"
	// ErrSignature: no published key verifies the signature; the key id is unknown or the signature wrong.
	ErrSignature Error = "bearer token signature not verified"
	// ErrUnavailable: the provider's keys are needed and could not be had. The same token may be good later.
	ErrUnavailable Error = "identity provider's keys unavailable"
)

// Error returns the public text of the kind.
func (e Error) Error() string { return string(e) }

// Kinds lists every kind of refusal, so that a caller's table of codes can be checked for completeness.
func Kinds() []Error {
	return []Error{
		ErrMissing, ErrMalformed, ErrExpired, ErrNotYetValid, ErrAudience,
		ErrIssuer, ErrAlgorithm, ErrSignature, ErrUnavailable,
	}
}
