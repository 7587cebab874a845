package api

import (
	"errors"
	"net/url"
	"strconv"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
)

const (
	defaultLimit = 100
	maxLimit     = 1000
)

// page is the part of a list that is asked for: so many entries after a position, or from the beginning.
type page[T any] struct {
	after T
	limit int
}

// pageOf reads limit and cursor from a query; parse reads the cursor.
func pageOf[T any](query string, parse func(string) (T, error)) (page[T], error) {
	p := page[T]{limit: defaultLimit}
	values, err := url.ParseQuery(query)
	if err != nil {
		return p, problem.Parameter("limit", v1.FaultCodeInvalidValue, "the query cannot be read")
	}
	for _, name := range []string{"limit", "cursor"} {
		if len(values[name]) > 1 {
			return p, problem.Parameter(name, v1.FaultCodeInvalidValue, "this parameter stands here twice")
		}
	}
	if values.Has("limit") {
		p.limit, err = strconv.Atoi(values.Get("limit"))
		if err != nil || p.limit < 1 || p.limit > maxLimit {
			return p, problem.Parameter("limit", v1.FaultCodeInvalidValue, "a number from 1 to 1000")
		}
	}
	if values.Has("cursor") {
		if p.after, err = parse(values.Get("cursor")); err != nil {
			return p, problem.Parameter("cursor", v1.FaultCodeInvalidValue, "the next of the page before")
		}
	}
	return p, nil
}

// parsePosition reads a cursor that is a number.
func parsePosition(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err == nil && s != strconv.FormatUint(n, 10) {
		return 0, errors.New("not in its only form")
	}
	return n, err
}

// optional is nil for the empty string.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
