package api

import (
	"bytes"
	"io"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
)

const (
	maxInlet       = 3 << 20 // bytes of a call; a provider that sends less takes less
	maxInletAnswer = 4 << 10
)

// hearProvider hands a call of a provider to the provider's own inlet, which knows whose it is, and answers what that wants
// answered. What it was is durable by then.
func (s *Server) hearProvider(c *call) (answer, error) {
	name, kind := mux.Vars(c.r)["provider"], mux.Vars(c.r)["kind"]
	inlet := s.deps.Inlets[name]
	if inlet == nil || kind != "receipt" && kind != "inbound" {
		return answer{}, problem.Of(v1.ProblemCodeNotFound)
	}
	c.provider = name
	if c.r.Method == http.MethodHead { // who only asks has nothing to report
		c.w.Header().Set("Allow", "GET, POST")
		return answer{}, problem.Of(v1.ProblemCodeMethodNotAllowed)
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxInlet))
	if err != nil {
		return answer{}, bodyProblem(err)
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	r := c.r.WithContext(ctx)
	r.Body = io.NopCloser(bytes.NewReader(body))
	w := &inletAnswer{header: http.Header{}}
	inlet.ServeHTTP(w, r)
	return w.answer()
}

// inletAnswer is what an inlet says.
type inletAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *inletAnswer) Header() http.Header { return w.header }

func (w *inletAnswer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write drops what is too long.
func (w *inletAnswer) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.body.Write(b[:min(len(b), maxInletAnswer-w.body.Len())])
	return len(b), nil
}

// answer gives what is good as it stands, and our own words for what is not.
func (w *inletAnswer) answer() (answer, error) {
	switch w.status {
	case http.StatusBadRequest:
		return answer{}, problem.Of(v1.ProblemCodeInvalidRequest)
	case http.StatusForbidden:
		return answer{}, problem.Of(v1.ProblemCodeForbidden)
	case http.StatusNotFound:
		return answer{}, problem.Of(v1.ProblemCodeNotFound)
	case http.StatusRequestEntityTooLarge:
		return answer{}, problem.Of(v1.ProblemCodeBodyTooLarge)
	}
	if w.status/100 != 2 {
		return answer{}, problem.Of(v1.ProblemCodeUnavailable)
	}
	return answer{status: w.status, kind: w.header.Get("Content-Type"), body: w.body.Bytes()}, nil
}
