package email

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	v1 "github.com/govcrier/crier/api/v1"
)

const batchPointer = "/recipientInfo/batchEmailAsBase64"

// entries reads the array that stands in base64. Its faults have pointers into it.
func (p *parser) entries(s string, most int) {
	source := &unpacked{r: base64.NewDecoder(base64.StdEncoding.Strict(), strings.NewReader(s))}
	inner := &parser{reader: reader{dec: jsontext.NewDecoder(source), at: batchPointer, faults: p.faults}, hasTo: true}
	entries, people := 0, 0
	err := inner.array(func() error {
		before, err := len(inner.m.Recipients), error(nil)
		if people++; people <= most {
			entries++
			err = inner.entry()
		}
		for _, c := range inner.m.Recipients[before:] {
			people += len(c.Copies)
		}
		if people > most {
			return errors.Join(errEnough, inner.faultAt("", v1.FaultCodeTooMany, fmt.Sprintf("at most %d recipients, copies among them; send the others in calls of their own", most)))
		}
		return err
	})
	if err == nil {
		err = inner.end()
	}
	switch {
	case source.failed != nil:
		_ = inner.faultAt("", v1.FaultCodeInvalidValue, "base64 with its padding (RFC 4648 §4) is expected")
	case err != nil && !errors.Is(err, errEnough):
		inner.faults = append(inner.faults, inner.syntax(err))
	case err == nil && entries == 0 && len(inner.faults) == len(p.faults):
		_ = inner.faultAt("", v1.FaultCodeMissing, "at least one entry")
	}
	p.faults, p.m.Recipients = inner.faults[:min(len(inner.faults), maxFaults)], inner.m.Recipients
}

// entry reads {"recipientInfo":{…}}.
func (p *parser) entry() error {
	one, there, before := p.person(), false, len(p.faults)
	err := p.object(members{"recipientInfo": func() error {
		there = true
		return p.object(one.members())
	}})
	at := string(p.dec.StackPointer())
	switch {
	case err != nil || len(p.faults) > before:
		return err
	case !there:
		return p.faultAt(at+"/recipientInfo", v1.FaultCodeMissing, "this member is needed")
	}
	if p.add(one, at+"/recipientInfo"); len(p.faults) >= maxFaults {
		return errEnough
	}
	return nil
}

// unpacked remembers that the base64 was not good.
type unpacked struct {
	r      io.Reader
	failed error
}

func (u *unpacked) Read(b []byte) (int, error) {
	n, err := u.r.Read(b)
	if err != nil && err != io.EOF {
		u.failed = err
	}
	return n, err
}
