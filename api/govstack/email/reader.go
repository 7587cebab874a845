package email

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

const (
	maxFaults  = 20
	maxDepth   = 64
	maxPointer = 256 // bytes; longer ones are cut to their parents
)

var (
	errEnough = errors.New("enough faults")
	errMore   = errors.New("data after the document")
	errDeep   = errors.New("nested too deeply")
)

// members are what an object may hold, with what reads the value of each.
type members map[string]func() error

// reader reads JSON member by member, and collects what is wrong with it.
type reader struct {
	dec    *jsontext.Decoder
	at     string // where the document stands in another
	faults []rooms.Fault
}

// document reads the whole body as one object; its error is the answer.
func (r *reader) document(body []byte, all members) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return Missing(problem.Faults(v1.ProblemCodeInvalidRequest, rooms.Fault{Code: string(v1.FaultCodeEmptyBody), Detail: "a JSON document is expected"}))
	}
	r.dec = jsontext.NewDecoder(bytes.NewBuffer(body)) // which it reads in place
	err := r.object(all)
	if err == nil {
		err = r.end()
	}
	if err != nil && !errors.Is(err, errEnough) {
		return problem.Faults(v1.ProblemCodeInvalidJSON, r.syntax(err))
	}
	return nil
}

// verdict is nil if nothing was wrong.
func (r *reader) verdict() error {
	if len(r.faults) == 0 {
		return nil
	}
	return problem.Faults(v1.ProblemCodeInvalidRequest, r.faults...)
}

// end wants nothing more to come.
func (r *reader) end() error {
	if _, err := r.dec.ReadToken(); err != io.EOF {
		return errors.Join(errMore, err)
	}
	return nil
}

func (r *reader) object(all members) error {
	if r.dec.PeekKind() != '{' {
		return r.mismatch("an object")
	}
	if _, err := r.dec.ReadToken(); err != nil {
		return err
	}
	for r.dec.PeekKind() == '"' {
		name, err := r.dec.ReadToken()
		if err != nil {
			return err
		}
		read := all[name.String()]
		if read != nil && r.dec.PeekKind() == 'n' {
			read = r.skip // what is null counts as left out: many a serialiser writes its empty members so
		}
		if read == nil {
			read = func() error {
				return errors.Join(r.fault(v1.FaultCodeUnknownMember, "this member is not known here"), r.skip())
			}
		}
		if err := read(); err != nil {
			return err
		}
	}
	_, err := r.dec.ReadToken()
	return err
}

// array reads an array; element reads each of its values.
func (r *reader) array(element func() error) error {
	if r.dec.PeekKind() != '[' {
		return r.mismatch("an array")
	}
	if _, err := r.dec.ReadToken(); err != nil {
		return err
	}
	for k := r.dec.PeekKind(); k != ']' && k != 0; k = r.dec.PeekKind() {
		if err := element(); err != nil {
			return err
		}
	}
	_, err := r.dec.ReadToken()
	return err
}

// text reads a string and hands it to take, whose words become a fault of the code.
func (r *reader) text(code v1.FaultCode, take func(s string) error) func() error {
	return func() error {
		if r.dec.PeekKind() != '"' {
			return r.mismatch("a string")
		}
		t, err := r.dec.ReadToken()
		if err != nil {
			return err
		}
		if err := take(t.String()); err != nil {
			return r.fault(code, err.Error())
		}
		return nil
	}
}

func (r *reader) mismatch(wanted string) error {
	if err := r.skip(); err != nil {
		return err
	}
	return r.fault(v1.FaultCodeWrongType, wanted+" is expected here")
}

// skip reads the value that comes next, whatever it is.
func (r *reader) skip() error {
	base := r.dec.StackDepth()
	for {
		if _, err := r.dec.ReadToken(); err != nil {
			return err
		}
		switch depth := r.dec.StackDepth() - base; {
		case depth <= 0:
			return nil
		case depth > maxDepth:
			return errDeep
		}
	}
}

// fault notes what is wrong with what was read last.
func (r *reader) fault(code v1.FaultCode, detail string) error {
	return r.faultAt(string(r.dec.StackPointer()), code, detail)
}

func (r *reader) faultAt(pointer string, code v1.FaultCode, detail string) error {
	r.faults = append(r.faults, rooms.Fault{Pointer: short(r.at + pointer), Code: string(code), Detail: detail})
	if len(r.faults) >= maxFaults {
		return errEnough
	}
	return nil
}

// syntax says where the reading ended early.
func (r *reader) syntax(err error) rooms.Fault {
	f := rooms.Fault{Pointer: r.at, Code: string(v1.FaultCodeSyntax), Detail: fmt.Sprintf("not JSON in UTF-8 after byte %d", r.dec.InputOffset())}
	var wrong *jsontext.SyntacticError
	if errors.As(err, &wrong) {
		f.Pointer = short(r.at + string(wrong.JSONPointer))
	}
	switch {
	case errors.Is(err, errMore):
		f.Code, f.Detail = string(v1.FaultCodeTrailingData), fmt.Sprintf("nothing is expected after byte %d", r.dec.InputOffset())
	case errors.Is(err, errDeep):
		f.Code, f.Detail = string(v1.FaultCodeTooDeep), fmt.Sprintf("more than %d levels of nesting", maxDepth)
	case errors.Is(err, jsontext.ErrDuplicateName):
		f.Code, f.Detail = string(v1.FaultCodeDuplicateMember), "this member stands here twice"
	}
	return f
}

func short(pointer string) string {
	p := jsontext.Pointer(pointer)
	for len(p) > maxPointer {
		p = p.Parent()
	}
	return string(p)
}
