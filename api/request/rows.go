package request

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// MaxLine is the most bytes of a row of a file.
const MaxLine = 8192

// Form is how a file of people is written: a row each.
type Form struct {
	CSV    bool   // else NDJSON
	Values string // NDJSON: the member that holds what else is known of a person
	// Now is set where the rows are subscribers: then consent is known too, and must not lie ahead.
	Now     time.Time
	Consent rooms.Consent // of every subscriber of whom a row says nothing else
}

// Row is a row of a file: a person, or what is wrong.
type Row struct {
	Line    int64 // from 1
	Contact rooms.Contact
	Consent rooms.Consent // of subscribers
	Faults  []rooms.Fault
}

// Rows reads a file of people, one row after the other, in memory that does not depend on the file.
type Rows struct {
	form  Form
	lines *bufio.Reader
	line  int64
	table *table // CSV: when the header has been read
}

// NewRows reads from a file.
func NewRows(file io.Reader, form Form) *Rows {
	return &Rows{form: form, lines: bufio.NewReaderSize(file, MaxLine)}
}

// Next gives the next row; io.EOF after the last. A header that makes nothing of all rows is a [problem.Error]; other errors
// are those of the file.
func (r *Rows) Next() (Row, error) {
	for {
		line, err := r.read()
		switch {
		case errors.Is(err, errLong):
			return r.faulty(v1.FaultCodeLineTooLong, err.Error())
		case len(line) == 0 && err != nil:
			return Row{}, err
		case err != nil && err != io.EOF:
			return Row{}, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if !utf8.Valid(line) {
			return r.faulty(v1.FaultCodeInvalidUTF8, "the row is not in UTF-8")
		}
		if !r.form.CSV {
			return r.object(line)
		}
		if r.table != nil {
			return r.cells(line)
		}
		if err := r.header(line); err != nil {
			return Row{}, err
		}
	}
}

var errLong = fmt.Errorf("a row has at most %d bytes", MaxLine)

// read gives a line, with io.EOF beside the last one; of one that is too long nothing.
func (r *Rows) read() ([]byte, error) {
	line, err := r.lines.ReadSlice('\n')
	if err == nil || len(line) > 0 {
		r.line++
	}
	if r.line == 1 {
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = r.lines.ReadSlice('\n')
	}
	if err != nil && err != io.EOF {
		return nil, err
	}
	return nil, errLong
}

// faulty gives a row of which nothing can be made. Without a header there are no rows.
func (r *Rows) faulty(code v1.FaultCode, detail string) (Row, error) {
	fault := rooms.Fault{Code: string(code), Detail: detail}
	if r.form.CSV && r.table == nil {
		return Row{}, r.noHeader(fault)
	}
	return Row{Line: r.line, Faults: []rooms.Fault{fault}}, nil
}

func (r *Rows) object(line []byte) (Row, error) {
	row := Row{Line: r.line}
	var err error
	if r.form.Now.IsZero() {
		row.Contact, err = parsePerson(line, r.form.Values)
	} else {
		row.Contact, row.Consent, err = parseRow(line, r.form.Now)
		row.Consent = or(row.Consent, r.form.Consent)
	}
	var wrong *problem.Error
	if errors.As(err, &wrong) {
		row.Faults, err = wrong.Faults, nil
	}
	return row, err
}

func (r *Rows) noHeader(faults ...rooms.Fault) error {
	p := problem.Of(v1.ProblemCodeInvalidRequest)
	p.Rows.Add(r.line, faults...)
	return p
}
