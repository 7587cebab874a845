package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
)

// router matches paths as they were sent: nothing is cleaned, decoded or redirected, so that no trick with a path
// reaches another route.
func (s *Server) router() http.Handler {
	m := mux.NewRouter().UseEncodedPath().SkipClean(true)
	for _, r := range s.routes() {
		if r.path == "/metrics" && !s.options.Metrics {
			continue
		}
		if r.scope != public {
			r.handle = s.strict(r)
		}
		m.Handle(r.path, s.endpoint(r)).Methods(methods(r)...)
	}
	s.handleMediator(m)
	s.emailRoutes(m)
	m.NotFoundHandler = s.endpoint(route{handle: notFound})
	m.MethodNotAllowedHandler = s.endpoint(route{handle: func(c *call) (answer, error) {
		c.w.Header().Set("Allow", strings.Join(s.allowed(m, c.r), ", "))
		return answer{}, problem.Of(v1.ProblemCodeMethodNotAllowed)
	}})
	return m
}

// methods are those of a route: what may be got may be asked about (RFC 9110 §9.3.2).
func methods(r route) []string {
	if r.method == http.MethodGet {
		return []string{http.MethodGet, http.MethodHead}
	}
	return []string{r.method}
}

// allowed lists the methods that a path knows.
func (s *Server) allowed(m *mux.Router, r *http.Request) []string {
	var list []string
	all := s.routes()
	for _, r := range s.mediatorRoutes() {
		all = append(all, r.route)
	}
	for _, known := range all {
		for _, method := range methods(known) {
			other := r.WithContext(r.Context())
			other.Method = method
			var match mux.RouteMatch
			if !slices.Contains(list, method) && m.Match(other, &match) && match.MatchErr == nil {
				list = append(list, method)
			}
		}
	}
	slices.Sort(list)
	return list
}
