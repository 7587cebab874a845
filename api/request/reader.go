package request

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

const (
	maxFaults  = 20
	maxDepth   = 64  // levels of a value that is skipped because it is wrong anyway
	maxPointer = 256 // bytes; longer ones are cut to their parents
)

var (
	errTooDeep = errors.New("nested too deeply")
	errEnough  = errors.New("enough faults")
	errBadUTF8 = errors.New("not UTF-8")
	errMore    = errors.New("data after the document")
)

// reader reads one JSON document member by member and collects what is wrong with it.
type reader struct {
	body   []byte
	dec    *jsontext.Decoder
	faults []rooms.Fault
	kept   bool // contacts are looked up, not added
}

func newReader(body []byte) *reader {
	return &reader{body: body, dec: jsontext.NewDecoder(bytes.NewBuffer(body))}
}

// document reads the whole body as one object.
func (r *reader) document(member func(name string) error) error {
	if !utf8.Valid(r.body) {
		return r.refusal(errBadUTF8)
	}
	if err := r.object(member); err != nil {
		return r.refusal(err)
	}
	if _, err := r.dec.ReadToken(); err != io.EOF {
		return r.refusal(errMore)
	}
	return nil
}

// object reads an object; member reads the value of each of its members.
func (r *reader) object(member func(name string) error) error {
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
		if err := member(name.String()); err != nil {
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

// text reads a string; ok is false if the value was something else, which is then a fault.
func (r *reader) text() (s string, ok bool, err error) {
	if r.dec.PeekKind() != '"' {
		return "", false, r.mismatch("a string")
	}
	t, err := r.dec.ReadToken()
	if err != nil {
		return "", false, err
	}
	return t.String(), true, nil
}

// flag reads true or false into to.
func (r *reader) flag(to *bool) error {
	if k := r.dec.PeekKind(); k != 't' && k != 'f' {
		return r.mismatch("true or false")
	}
	t, err := r.dec.ReadToken()
	*to = err == nil && t.Bool()
	return err
}

// checked reads a string and hands it to check, whose words become a fault.
func (r *reader) checked(code v1.FaultCode, check func(string) error) error {
	s, ok, err := r.text()
	if !ok {
		return err
	}
	if err := check(s); err != nil {
		return r.fault(code, err.Error())
	}
	return nil
}

// unknown refuses a member, whose name was read last.
func (r *reader) unknown() error {
	if err := r.fault(v1.FaultCodeUnknownMember, "this member is not known here"); err != nil {
		return err
	}
	return r.skip()
}

// mismatch refuses the value that comes next for its type.
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
		case depth == 0:
			return nil
		case depth > maxDepth:
			return errTooDeep
		}
	}
}

// fault notes what is wrong with the value, or the name, that was read last.
func (r *reader) fault(code v1.FaultCode, detail string) error {
	return r.faultAt(string(r.dec.StackPointer()), code, detail)
}

func (r *reader) faultAt(pointer string, code v1.FaultCode, detail string) error {
	return r.add(rooms.Fault{Pointer: short(pointer), Code: string(code), Detail: detail})
}

func (r *reader) add(faults ...rooms.Fault) error {
	r.faults = append(r.faults, faults...)
	if len(r.faults) >= maxFaults {
		r.faults = r.faults[:maxFaults]
		return errEnough
	}
	return nil
}
