package api

import (
	"bytes"
	"fmt"
	"io"

	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

const formType = "multipart/form-data"

// intake is a message as it came, by itself or with its recipients in a file.
type intake struct {
	request.Message
	raw    []byte       // what makes the request the same when it is repeated
	direct bool         // to named recipients
	rows   problem.Rows // of the file, that are wrong

	incomplete int // of them: to whom the content cannot be said
}

// intake reads a message. Of a file with faulty rows the good ones are there.
func (s *Server) intake(c *call) (intake, error) {
	kind, err := mediaType(c.r.Header)
	if err != nil {
		return intake{}, err
	}
	if kind != jsonType && kind != formType {
		return intake{}, problem.Of(v1.ProblemCodeUnsupportedMediaType)
	}
	body, err := s.readAll(c)
	if err != nil {
		return intake{}, err
	}
	if kind == formType {
		return s.form(c, body)
	}
	m, err := request.ParseMessage(body, s.limits())
	return intake{Message: m, raw: body, direct: len(m.Recipients) > 0}, err
}

func (s *Server) limits() request.Limits {
	return request.Limits{Now: s.now(), MaxExpiry: s.options.MaxExpiry, Recipients: s.options.MaxRecipients, Horizon: s.waits.Horizon, Least: s.waits.Least}
}

// form reads a message and the file of its recipients.
func (s *Server) form(c *call, body []byte) (intake, error) {
	parts, err := partsOf(c, body)
	if err != nil {
		return intake{}, err
	}
	message, people := parts["message"], parts["recipients"]
	if message.kind != jsonType || people.kind != csvType && people.kind != ndjsonType {
		return intake{}, problem.Of(v1.ProblemCodeUnsupportedMediaType)
	}
	in := intake{raw: together(message, people), direct: true}
	if in.Message, err = request.ParseMessage(message.body, s.limits()); err != nil {
		return intake{}, err
	}
	if in.Audience != nil {
		return intake{}, problem.Faults(v1.ProblemCodeInvalidRequest, rooms.Fault{
			Pointer: "/audience", Code: string(v1.FaultCodeInvalidValue), Detail: "either the audience or the recipients"})
	}
	if len(in.Recipients) > 0 {
		return intake{}, problem.Faults(v1.ProblemCodeInvalidRequest, rooms.Fault{
			Pointer: "/recipients", Code: string(v1.FaultCodeInvalidValue), Detail: "the recipients stand in the other part of the form"})
	}
	return in, in.read(people, s.limits())
}

// together is a request without what stands between its parts, which many a client chooses anew each time.
func together(message, people part) []byte {
	raw := fmt.Appendf(nil, "%d %s\n", len(message.body), people.kind)
	return append(append(raw, message.body...), people.body...)
}

// read takes the recipients from a file.
func (in *intake) read(file part, l request.Limits) error {
	form := request.Form{CSV: file.kind == csvType, Values: "values"}
	rows, seen := request.NewRows(bytes.NewReader(file.body), form), request.People{}
	most := min(l.MaxRecipients(), request.MostToBeSaid(in.Said))
	for {
		row, err := rows.Next()
		if err == io.EOF {
			return in.anybody()
		}
		if err != nil {
			return err
		}
		if len(row.Faults) == 0 {
			row.Faults = in.check(row.Contact, seen, form)
		}
		if len(row.Faults) > 0 {
			in.rows.Add(row.Line, row.Faults...)
			continue
		}
		if len(in.Recipients) == most {
			return problem.Faults(v1.ProblemCodeInvalidRequest, rooms.Fault{Pointer: "/recipients", Code: string(v1.FaultCodeTooMany),
				Detail: fmt.Sprintf("at most %d recipients; send the others in messages of their own", most)})
		}
		in.Recipients = append(in.Recipients, row.Contact)
	}
}

func (in *intake) check(c rooms.Contact, seen request.People, form request.Form) []rooms.Fault {
	if seen.Again(c) {
		return []rooms.Fault{{Code: string(v1.FaultCodeDuplicateRecipient), Detail: "the same contact as in a row before"}}
	}
	values := "/" + form.Values
	if form.CSV {
		values = ""
	}
	faults := request.Unsayable(in.Said, c, "", values)
	if len(faults) > 0 {
		in.incomplete++
	}
	return faults
}

// anybody refuses a file of which nobody is left.
func (in *intake) anybody() error {
	if len(in.Recipients) > 0 || in.rows.Count > 0 {
		return nil
	}
	return problem.Faults(v1.ProblemCodeInvalidRequest,
		rooms.Fault{Pointer: "/recipients", Code: string(v1.FaultCodeMissing), Detail: "at least one row"})
}
