package main

import (
	"bytes"
	"io"
	"path/filepath"

	"github.com/govcrier/crier/api/request"
)

// cut is a part of a file of recipients, small enough for a message.
type cut struct {
	rows   []byte // with the header
	count  int    // of rows, be they good or not
	before int64  // what to add to the number of a line for that of the file's
}

// maxCut is the most bytes of a part: the gateway takes 4 MiB, of which the message wants some.
const maxCut = 3 << 20

// isTable says whether a file is CSV, by its name or by what it begins with.
func isTable(name string, file []byte) bool {
	switch filepath.Ext(name) {
	case ".csv", ".tsv":
		return true
	case ".ndjson", ".jsonl":
		return false
	}
	return !bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(file, []byte("\ufeff"))), []byte("{"))
}

// cutFile cuts a file into parts of at most so many rows, without the lines to leave out. A file that is small enough is
// left as it is.
func cutFile(file []byte, table bool, most int, leaveOut map[int64]bool) []cut {
	var cuts []cut
	var header []byte
	line := int64(0)
	for row := range bytes.Lines(file) {
		line++
		blank := len(bytes.TrimSpace(row)) == 0
		if table && header == nil && !blank {
			header = append(bytes.TrimRight(row, "\r\n"), '\n')
			continue
		}
		if table && header == nil {
			continue
		}
		if n := len(cuts); n == 0 || cuts[n-1].count == most || len(cuts[n-1].rows)+len(row) > maxCut {
			before := line - 1
			if table {
				before--
			}
			cuts = append(cuts, cut{rows: bytes.Clone(header), before: before})
		}
		c := &cuts[len(cuts)-1]
		if leaveOut[line] {
			row = []byte("\n")
		} else if !blank {
			c.count++
		}
		c.rows = append(c.rows, row...)
	}
	if len(cuts) < 2 && len(leaveOut) == 0 {
		return []cut{{rows: file, count: sum(cuts)}}
	}
	return cuts
}

func sum(cuts []cut) (total int) {
	for _, c := range cuts {
		total += c.count
	}
	return total
}

// repeated finds the lines with somebody who stood in the file before: of two messages the gateway could not know.
func repeated(file []byte, table bool) map[int64]bool {
	again := map[int64]bool{}
	rows, seen := request.NewRows(bytes.NewReader(file), request.Form{CSV: table, Values: "values"}), request.People{}
	for {
		row, err := rows.Next()
		if err == io.EOF || err != nil { // what is wrong the gateway says
			return again
		}
		if len(row.Faults) == 0 && seen.Again(row.Contact) {
			again[row.Line] = true
		}
	}
}
