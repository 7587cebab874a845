package rooms

import (
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// Address is a contact: an e-mail address (RFC 5321) or a telephone number (E.164).
// It prints as [redacted] everywhere; Reveal alone gives it.
type Address struct{ value hidden }

// Body is readable content or a person's name. It prints as [redacted]; Reveal alone gives it.
type Body struct{ value hidden }

// Secret is a credential. It prints as [redacted]; Reveal alone gives it.
type Secret struct{ value hidden }

// NewBody wraps readable content.
func NewBody(s string) Body { return Body{hide(s)} }

// NewSecret wraps a credential.
func NewSecret(s string) Secret { return Secret{hide(s)} }

// Reveal gives the contact in the clear, for the provider's wire and for sealing only.
func (a Address) Reveal() string { return a.value.reveal() }

// Reveal gives the content in the clear, for the provider's wire and for sealing only.
func (b Body) Reveal() string { return b.value.reveal() }

// Reveal gives the credential in the clear.
func (s Secret) Reveal() string { return s.value.reveal() }

// IsZero says that no contact is held.
func (a Address) IsZero() bool { return a.value.isZero() }

// IsZero says that no content is held.
func (b Body) IsZero() bool { return b.value.isZero() }

// IsZero says that no credential is held.
func (s Secret) IsZero() bool { return s.value.isZero() }

func (a Address) String() string { return redacted }
func (b Body) String() string    { return redacted }
func (s Secret) String() string  { return redacted }

// Format keeps every verb, %#v and %x too, from showing the value.
func (a Address) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// Format keeps every verb, %#v and %x too, from showing the value.
func (b Body) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// Format keeps every verb, %#v and %x too, from showing the value.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// LogValue is what slog prints.
func (a Address) LogValue() slog.Value { return slog.StringValue(redacted) }

// LogValue is what slog prints.
func (b Body) LogValue() slog.Value { return slog.StringValue(redacted) }

// LogValue is what slog prints.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText keeps encoders from writing the value.
func (a Address) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalText keeps encoders from writing the value.
func (b Body) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalText keeps encoders from writing the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
