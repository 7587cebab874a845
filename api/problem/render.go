package problem

import (
	"cmp"
	"math"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// ContentType is that of RFC 9457 §3.
const ContentType = "application/problem+json"

// Base is the default of the type URIs, to which the code is added.
const Base = "urn:crier:problem:"

// Renderer turns errors into documents.
type Renderer struct {
	base    string
	entries map[v1.ProblemCode]Entry
}

// NewRenderer takes what stands before the code in a type URI.
func NewRenderer(base string) *Renderer {
	r := &Renderer{base: base, entries: map[v1.ProblemCode]Entry{}}
	for _, e := range Catalogue() {
		r.entries[e.Code] = e
	}
	return r
}

// Entry is what the catalogue says of a code; of an unknown one what it says of internal errors.
func (r *Renderer) Entry(code v1.ProblemCode) Entry {
	if e, ok := r.entries[code]; ok {
		return e
	}
	return r.entries[v1.ProblemCodeInternal]
}

// Document is what the caller sees of an error.
func (r *Renderer) Document(e *Error, requestID string) v1.Problem {
	entry := r.Entry(e.Code)
	return v1.Problem{
		Type:      r.base + string(entry.Code),
		Title:     cmp.Or(e.Title, entry.Title),
		Status:    cmp.Or(e.Status, entry.Status),
		Code:      entry.Code,
		Detail:    cmp.Or(e.Advice, entry.Advice),
		Errors:    e.errors(),
		Faulty:    e.Rows.Count,
		Rows:      e.Rows.First(),
		Parts:     e.Parts,
		RequestID: requestID,
	}
}

// Render gives the document as JSON and adds to the header what belongs to it.
func (r *Renderer) Render(e *Error, requestID string, h http.Header) (status int, body []byte) {
	entry := r.Entry(e.Code)
	if wait := cmp.Or(e.RetryAfter, entry.RetryAfter); wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	body, err := json.Marshal(r.Document(e, requestID))
	if err != nil { // a pointer that is no UTF-8, say: the code still stands
		body, _ = json.Marshal(r.Document(&Error{Code: e.Code, Status: e.Status}, ""))
	}
	return cmp.Or(e.Status, entry.Status), body
}

func (e *Error) errors() []v1.Fault {
	list := Translate(e.Faults)
	if e.Parameter != nil {
		list = append(list, *e.Parameter)
	}
	return list
}

// Translate gives faults the form of the API.
func Translate(faults []rooms.Fault) []v1.Fault {
	list := make([]v1.Fault, len(faults))
	for i, f := range faults {
		list[i] = v1.Fault{Pointer: f.Pointer, Code: v1.FaultCode(f.Code), Detail: f.Detail}
	}
	return list
}
