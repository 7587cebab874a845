package api

import (
	"net/http"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
)

// pushKey says with which key a page subscribes a browser. It is no secret, and the page may be of any origin.
func (s *Server) pushKey(c *call) (answer, error) {
	if s.deps.PushKey == "" {
		return answer{}, problem.Of(v1.ProblemCodeNotFound)
	}
	c.w.Header().Set("Access-Control-Allow-Origin", "*")
	return jsonAnswer(http.StatusOK, v1.PushKey{Key: s.deps.PushKey})
}
