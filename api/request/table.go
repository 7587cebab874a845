package request

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// maxColumns is how many columns a table may have: those that crier knows, and the values.
const maxColumns = 105

// known are the columns that are no values.
func known(column string) bool {
	_, contact := channelOf(column)
	return contact || slices.Contains([]string{"name", "language", "channels"}, column)
}

// table splits the rows of a CSV file (RFC 4180) whose header has been read. A row is a line: no cell holds a line break,
// so that a quote which is not closed spoils no more than its own line.
type table struct {
	columns []string
	reader  *csv.Reader
	feed    *feed
}

// header reads the names of the columns, and finds out what stands between them.
func (r *Rows) header(line []byte) error {
	feed := &feed{}
	t := &table{feed: feed, reader: csv.NewReader(feed)}
	t.reader.Comma, t.reader.FieldsPerRecord, t.reader.ReuseRecord = separator(line), -1, true
	cells, err := t.split(line)
	if err != nil {
		return r.noHeader(rooms.Fault{Code: string(v1.FaultCodeSyntax), Detail: badQuotes})
	}
	if len(cells) > maxColumns {
		return r.noHeader(rooms.Fault{Code: string(v1.FaultCodeTooMany), Detail: fmt.Sprintf("at most %d columns", maxColumns)})
	}
	var faults []rooms.Fault
	for _, cell := range cells {
		name := strings.ToLower(strings.TrimSpace(cell))
		if _, err := rooms.ParseValueName(name); err != nil {
			faults = append(faults, rooms.Fault{Code: string(v1.FaultCodeInvalidName),
				Detail: fmt.Sprintf("column %d: the header names the columns with a-z, 0-9 and '_'", len(t.columns)+1)})
		} else if slices.Contains(t.columns, name) {
			faults = append(faults, rooms.Fault{Pointer: "/" + name, Code: string(v1.FaultCodeDuplicateEntry), Detail: "this column stands here twice"})
		}
		t.columns = append(t.columns, name)
	}
	if !slices.ContainsFunc(t.columns, func(column string) bool { _, ok := channelOf(column); return ok }) {
		faults = append(faults, rooms.Fault{Code: string(v1.FaultCodeContactCount), Detail: "a column that is " + contactCount()})
	}
	if len(faults) > 0 {
		return r.noHeader(faults[:min(len(faults), maxFaults)]...)
	}
	r.table = t
	return nil
}

// separator is what stands most often outside of quotes: a comma, a semicolon or a tab.
func separator(header []byte) rune {
	count, quoted := map[byte]int{}, false
	for _, b := range header {
		if b == '"' {
			quoted = !quoted
		} else if !quoted {
			count[b]++
		}
	}
	best := byte(',')
	for _, b := range []byte(";\t") {
		if count[b] > count[best] {
			best = b
		}
	}
	return rune(best)
}

const badQuotes = "a quote that is not closed, or not doubled within a cell; no cell holds a line break"

func (t *table) split(line []byte) ([]string, error) {
	t.feed.line = line
	return t.reader.Read()
}

// cells reads a row.
func (r *Rows) cells(line []byte) (Row, error) {
	cells, err := r.table.split(line)
	if errors.As(err, new(*csv.ParseError)) {
		return r.faulty(v1.FaultCodeSyntax, badQuotes)
	}
	if err != nil {
		return Row{}, err
	}
	if len(cells) != len(r.table.columns) {
		return r.faulty(v1.FaultCodeFieldCount, fmt.Sprintf("%d cells, and the header names %d columns", len(cells), len(r.table.columns)))
	}
	row, p := Row{Line: r.line}, person{}
	for i, cell := range cells {
		column := r.table.columns[i]
		if cell = strings.TrimSpace(cell); cell == "" {
			continue
		}
		code, err := r.cell(&row, &p, column, cell)
		if err != nil {
			row.Faults = append(row.Faults, rooms.Fault{Pointer: "/" + column, Code: string(code), Detail: err.Error()})
		}
	}
	if len(row.Faults) > 0 {
		return row, nil
	}
	row.Consent = or(row.Consent, r.form.Consent)
	c, fault, ok := p.contact()
	if row.Contact = c; !ok {
		row.Faults = []rooms.Fault{fault}
	}
	if err := rooms.CheckAttributes(c.Values); err != nil && !r.form.Now.IsZero() {
		row.Faults = append(row.Faults, rooms.Fault{Code: string(v1.FaultCodeTooMany), Detail: err.Error()})
	}
	return row, nil
}

// cell takes what a column says of a person, or, of a subscriber, of his consent.
func (r *Rows) cell(row *Row, p *person, column, cell string) (v1.FaultCode, error) {
	if ofConsent(column) && !r.form.Now.IsZero() {
		return setConsent(&row.Consent, column, cell, r.form.Now)
	}
	return p.cell(column, cell)
}

func (p *person) cell(column, cell string) (v1.FaultCode, error) {
	if !known(column) {
		return p.value(column, cell)
	}
	if column != "channels" {
		return p.set(column, cell)
	}
	for _, name := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(" ,;|", r) }) {
		if code, err := p.channel(name); err != nil {
			return code, err
		}
	}
	return "", nil
}

// feed is a file of one line, and then of another.
type feed struct{ line []byte }

// Read gives the line, and its end.
func (f *feed) Read(p []byte) (int, error) {
	if len(f.line) == 0 {
		return 0, io.EOF
	}
	n := copy(p, f.line)
	f.line = f.line[n:]
	return n, nil
}
