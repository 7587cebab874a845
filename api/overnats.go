package api

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-json-experiment/json"
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
	return s.overWire(ctx, r, s.overNATS, client, room)
}

// RepliesOverNATS answers what was asked at crier.replies.<room> as GET /v1/rooms/{room}/replies would have: the page that
// {"limit":100,"cursor":"17"} names, both of which may be missing.
func (s *Server) RepliesOverNATS(ctx context.Context, q broker.Question) broker.Answer {
	client, room, err := rooms.ParseRepliesAskedBy(q.Subject)
	if err != nil {
		return broker.Answer{Code: http.StatusForbidden, Title: "who asks is not known"}
	}
	var page struct {
		Limit  int    `json:"limit"`
		Cursor string `json:"cursor"`
	}
	if len(q.Body) > 0 && json.Unmarshal(q.Body, &page) != nil {
		return broker.Answer{Code: http.StatusBadRequest, Title: "limit, a number, and cursor, a string"}
	}
	query := url.Values{}
	if page.Limit != 0 {
		query.Set("limit", strconv.Itoa(page.Limit))
	}
	if page.Cursor != "" {
		query.Set("cursor", page.Cursor)
	}
	r := &http.Request{Method: http.MethodGet, URL: &url.URL{RawQuery: query.Encode()}, Header: http.Header{}, Body: http.NoBody}
	return s.overWire(ctx, r, s.repliesBy, client, room)
}

// overWire serves a call that did not come by HTTP.
func (s *Server) overWire(ctx context.Context, r *http.Request, route *endpoint, client rooms.Client, room rooms.Room) broker.Answer {
	r = mux.SetURLVars(r.WithContext(ctx), map[string]string{"room": string(room)})
	headers := letter{}
	c := &call{w: headers, r: r, route: route, id: requestID(nil), start: s.now(), client: client, has: caller, reads: route == s.repliesBy}
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
