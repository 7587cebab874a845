package rules

import (
	"errors"

	"github.com/govcrier/crier/rooms"
)

// Why a message is not let in. All come in a *Refusal.
var (
	// ErrLane: the policy does not have the lane.
	ErrLane = errors.New("rules: the policy does not have this lane")
	// ErrType: the policy does not have the type.
	ErrType = errors.New("rules: the policy does not have this type")
	// ErrLong: the content has more bytes, or segments of an SMS, than the policy allows.
	ErrLong = errors.New("rules: the content is longer than the policy allows")
	// ErrContent: the content is not as the schema of its type says.
	ErrContent = errors.New("rules: the content is not as its type's schema says")
	// ErrRefused: the application that the policy names does not agree.
	ErrRefused = errors.New("rules: the check has refused the message")
	// ErrNoAnswer: that application has not answered, or not as agreed; later it may.
	ErrNoAnswer = errors.New("rules: the check has not answered")
)

const codeInvalid = "invalid_value"

// Refusal says why a message is not let in, and where the reason stands in it.
type Refusal struct {
	Kind   error // one of the above
	Faults []rooms.Fault
}

func (r *Refusal) Error() string { return r.Kind.Error() }

// Unwrap gives the kind.
func (r *Refusal) Unwrap() error { return r.Kind }

func refuse(kind error, pointer, detail string) error {
	return &Refusal{kind, []rooms.Fault{{Pointer: pointer, Code: codeInvalid, Detail: detail}}}
}
