package api

import (
	"net/http"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/live"
)

// stream begins to tell a room's messages. What can be refused is refused here; the rest is written
// later, by the answer itself.
func (s *Server) stream(c *call) (answer, error) {
	q, err := streamQuery(c)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: http.StatusOK, kind: eventStreamType}
	if c.r.Method == http.MethodHead {
		return a, nil
	}
	if err := s.streams.enter(c.client); err != nil {
		return answer{}, err
	}
	l, err := s.deps.Live.Listen(c.context(), q)
	if err != nil {
		s.streams.leave(c.client)
		return answer{}, problem.Because(v1.ProblemCodeUnavailable, err)
	}
	st := &streaming{server: s, call: c, listener: l, control: http.NewResponseController(c.w), gap: s.gap(c, q, l)}
	a.stream = func() {
		defer s.streams.leave(c.client)
		defer l.Close()
		st.run()
	}
	return a, nil
}

// How many messages are looked through for such as were erased.
const (
	gapPage  = 20
	gapPages = 50
)

// gap gives the first sequence behind which nothing is missing of what the listener asked for, 0 if
// nothing is missing: the log may begin later, or content may have been erased meanwhile.
func (s *Server) gap(c *call, q live.Query, l *live.Listener) uint64 {
	first, _ := l.Gap()
	if !q.Resume || q.After == 0 {
		return first
	}
	for before, page := "", 0; page < gapPages; page++ {
		found, next, err := s.deps.Messages.Messages(q.Room, before, gapPage)
		if err != nil {
			s.log.WarnContext(c.context(), "whether a stream misses erased messages is not known", "error", err)
			return first
		}
		more := next != ""
		for _, m := range found {
			if m.Sequence <= q.After {
				more = false
			} else if erased(m, q) {
				first = max(first, m.Sequence+1)
			}
		}
		if !more || first > 0 {
			return first
		}
		before = next
	}
	return first
}

// erased says that a message was wanted and is no longer there.
func erased(m index.Summary, q live.Query) bool {
	return !m.ErasedAt.IsZero() && q.Has(m.Header) && !m.ReceivedAt.Before(q.Born)
}
