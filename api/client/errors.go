package client

import (
	"errors"
	"net/url"
)

// ConnectionError says that there was no whole answer: whether the server acted is not known.
type ConnectionError struct {
	cause  error
	unsent bool // there was no connection, so the server certainly did not act
}

// Error names the cause, without the URL.
func (e *ConnectionError) Error() string {
	var u *url.Error
	if errors.As(e.cause, &u) {
		return "no answer from the server: " + u.Err.Error()
	}
	return "no answer from the server: " + e.cause.Error()
}

// Unwrap gives the cause.
func (e *ConnectionError) Unwrap() error { return e.cause }

// TokenError says that there was no access token to call with.
type TokenError struct{ cause error }

// Error names the cause.
func (e *TokenError) Error() string { return "no access token: " + e.cause.Error() }

// Unwrap gives the cause.
func (e *TokenError) Unwrap() error { return e.cause }
