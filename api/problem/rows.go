package problem

import (
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// namedRows are the faulty rows of an upload that are named; the others are counted.
const namedRows = 1000

// Rows are the faulty rows of an upload.
type Rows struct {
	Count int64
	first []v1.FaultyRow
}

// Add takes a row and what is wrong with it.
func (r *Rows) Add(line int64, faults ...rooms.Fault) {
	if r.Count++; r.Count <= namedRows {
		r.first = append(r.first, v1.FaultyRow{Line: line, Errors: Translate(faults)})
	}
}

// First are the first thousand.
func (r *Rows) First() []v1.FaultyRow { return r.first }
