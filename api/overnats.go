package api

import (
	"bytes"
	"context"
	"net/http"
	"net/url"

	"github.com/gorilla/mux"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/rooms"
)

// PublishOverNATS answers what was published to crier.publish.<room> as POST /v1/rooms/{room}/messages
// would have, for the client that the server let in.
func (s *Server) PublishOverNATS(ctx context.Context, q broker.Question) broker.Answer {
	client, room, err := rooms.ParsePublishedBy(q.Subject)
	if err != nil {
		return broker.Answer{Code: http.StatusForbidden, Title: "who asks is not known"}
	}
	r := &http.Request{Method: http.MethodPost, URL: &url.URL{}, Header: http.Header{"Content-Type": {jsonType}},
		Body: http.NoBody, ContentLength: int64(len(q.Body))}
	r.Body = body{bytes.NewReader(q.Body)}
	r = mux.SetURLVars(r.WithContext(ctx), map[string]string{"room": string(room)})
	headers := letter{}
	c := &call{w: headers, r: r, route: s.overNATS, id: requestID(nil), start: s.now(), client: client, has: caller}
	var out broker.Answer
	s.serve(c, func(a answer) error {
		out = broker.Answer{Code: a.status, Kind: a.kind, Title: http.StatusText(a.status), Body: a.body, Header: headers.told()}
		return nil
	})
	return out
}

// body is a request's body that needs no closing.
type body struct{ *bytes.Reader }

func (body) Close() error { return nil }

// letter takes the headers of an answer that is not sent by HTTP.
type letter http.Header

func (l letter) Header() http.Header       { return http.Header(l) }
func (letter) Write(b []byte) (int, error) { return len(b), nil }
func (letter) WriteHeader(int)             {}

// told are the headers that say something over NATS too.
func (l letter) told() map[string]string {
	told := map[string]string{}
	for _, name := range []string{"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After"} {
		if value := l.Header().Get(name); value != "" {
			told[name] = value
		}
	}
	return told
}
