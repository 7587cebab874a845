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
