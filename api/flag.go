package api

import (
	"net/url"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
)

// flagOf says whether a parameter of the query has its one value; none is the other way.
func flagOf(c *call, name, value string) (bool, error) {
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	switch {
	case err != nil || len(query[name]) > 1:
		return false, problem.Parameter(name, v1.FaultCodeInvalidValue, "not a valid query")
	case !query.Has(name):
		return false, nil
	case query.Get(name) != value:
		return false, problem.Parameter(name, v1.FaultCodeInvalidValue, "the only value is "+value)
	}
	return true, nil
}

// boolOf reads a parameter of the query that is true or false; none is false.
func boolOf(c *call, name string) (bool, error) {
	values, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil || !values.Has(name) {
		return false, nil // pageOf has told
	}
	switch value := values[name]; {
	case len(value) == 1 && value[0] == "true":
		return true, nil
	case len(value) == 1 && value[0] == "false":
		return false, nil
	}
	return false, problem.Parameter(name, v1.FaultCodeInvalidValue, "true or false")
}
