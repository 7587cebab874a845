package problem

import (
	"fmt"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// Error is a refusal on its way to the one place that renders it.
type Error struct {
	Code      v1.ProblemCode
	Faults    []rooms.Fault // what is wrong with the body
	Rows      Rows          // what is wrong with the rows of an upload
	Parameter *v1.Fault     // what is wrong with a parameter
	Parts     []string      // which parts are not ready
	Cause     error         // private: for the log alone
	Advice    string        // instead of what the catalogue says; empty: as that

	Title      string        // instead of what the catalogue says, in the words of another's document; empty: as that
	Status     int           // instead of what the catalogue says, where another's document wants it so; 0: as that
	RetryAfter time.Duration // instead of what the catalogue says; 0: as that
}

// Error gives the code, and the cause for the log.
func (e *Error) Error() string {
	if e.Cause == nil {
		return string(e.Code)
	}
	return fmt.Sprintf("%s: %v", e.Code, e.Cause)
}

// Unwrap gives the private cause.
func (e *Error) Unwrap() error { return e.Cause }

// Of is a problem without more to say than its catalogue entry.
func Of(code v1.ProblemCode) *Error { return &Error{Code: code} }

// Because is a problem with a private cause.
func Because(code v1.ProblemCode, cause error) *Error { return &Error{Code: code, Cause: cause} }

// Faults is a problem with the body.
func Faults(code v1.ProblemCode, faults ...rooms.Fault) *Error {
	return &Error{Code: code, Faults: faults}
}

// Parameter is a problem with a parameter of the path, the query or the header.
func Parameter(name string, code v1.FaultCode, detail string) *Error {
	return &Error{
		Code:      v1.ProblemCodeInvalidParameter,
		Parameter: &v1.Fault{Parameter: name, Code: code, Detail: detail},
	}
}
