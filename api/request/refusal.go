package request

import (
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// refusal says what made the reading end early.
func (r *reader) refusal(err error) error {
	if errors.Is(err, errEnough) {
		return problem.Faults(v1.ProblemCodeInvalidRequest, r.faults...)
	}
	return problem.Faults(v1.ProblemCodeInvalidJSON, r.syntaxFault(err))
}

// verdict is nil if nothing was wrong.
func (r *reader) verdict() error {
	if len(r.faults) == 0 {
		return nil
	}
	return problem.Faults(v1.ProblemCodeInvalidRequest, r.faults...)
}

func (r *reader) syntaxFault(err error) rooms.Fault {
	var syntax *jsontext.SyntacticError
	at := ""
	if errors.As(err, &syntax) {
		at = short(string(syntax.JSONPointer))
	}
	fault := func(code v1.FaultCode, detail string) rooms.Fault {
		return rooms.Fault{Pointer: at, Code: string(code), Detail: detail}
	}
	switch {
	case errors.Is(err, errBadUTF8):
		return fault(v1.FaultCodeInvalidUTF8, "the body is not in UTF-8")
	case errors.Is(err, errMore):
		return fault(v1.FaultCodeTrailingData, fmt.Sprintf("nothing is expected after byte %d", r.dec.InputOffset()))
	case errors.Is(err, errTooDeep):
		return fault(v1.FaultCodeTooDeep, fmt.Sprintf("more than %d levels of nesting", maxDepth))
	case errors.Is(err, jsontext.ErrDuplicateName):
		return fault(v1.FaultCodeDuplicateMember, "this member stands here twice")
	case err == io.EOF:
		return fault(v1.FaultCodeEmptyBody, "a JSON document is expected")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fault(v1.FaultCodeSyntax, "the document ends too early")
	}
	return fault(v1.FaultCodeSyntax, fmt.Sprintf("not JSON after byte %d", r.dec.InputOffset()))
}

// short cuts a pointer to a parent that is short enough to be shown.
func short(pointer string) string {
	p := jsontext.Pointer(pointer)
	for len(p) > maxPointer {
		p = p.Parent()
	}
	return string(p)
}
