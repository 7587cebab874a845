package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
)

// trusted is how much of a body is made room for on the caller's word alone.
const trusted = 64 << 10

// readJSON reads the whole body of a request that has to be JSON.
func (s *Server) readJSON(c *call) ([]byte, error) {
	kind, err := mediaType(c.r.Header)
	if err != nil {
		return nil, err
	}
	if kind != jsonType {
		return nil, problem.Of(v1.ProblemCodeUnsupportedMediaType)
	}
	return s.readAll(c)
}

func (s *Server) readAll(c *call) ([]byte, error) { return s.readUpTo(c, s.options.MaxBody) }

func (s *Server) readUpTo(c *call, most int64) ([]byte, error) {
	if c.r.ContentLength > most {
		s.discard(c)
		return nil, problem.Of(v1.ProblemCodeBodyTooLarge)
	}
	var b bytes.Buffer
	b.Grow(int(min(max(c.r.ContentLength, 0), trusted)) + bytes.MinRead)
	if _, err := b.ReadFrom(http.MaxBytesReader(c.w, c.r.Body, most)); err != nil {
		return nil, bodyProblem(err)
	}
	return b.Bytes(), nil
}

// discard reads a body that is too large by no more than MaxBody, since many a client reads no answer before it has sent
// everything. One that waits for 100 Continue (RFC 9110 §10.1.1) has sent nothing yet. The body's deadline holds.
func (s *Server) discard(c *call) {
	if c.r.ContentLength <= 2*s.options.MaxBody && c.r.Header.Get("Expect") == "" {
		_, _ = io.CopyN(io.Discard, c.r.Body, c.r.ContentLength) // whatever comes of it, the answer is the same
	}
}

// bodyProblem says why a body could not be read to its end.
func bodyProblem(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return problem.Because(v1.ProblemCodeBodyTooLarge, err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem.Because(v1.ProblemCodeBodyTimeout, err)
	}
	return problem.Of(v1.ProblemCodeIncompleteBody)
}

// mediaType is that of the body, which is UTF-8 and not encoded.
func mediaType(h http.Header) (string, error) {
	if e := h.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return "", problem.Of(v1.ProblemCodeUnsupportedMediaType)
	}
	value := h.Get("Content-Type")
	if value == jsonType {
		return jsonType, nil
	}
	kind, parameters, err := mime.ParseMediaType(value)
	charset := parameters["charset"]
	if err != nil || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return "", problem.Of(v1.ProblemCodeUnsupportedMediaType)
	}
	return kind, nil
}
