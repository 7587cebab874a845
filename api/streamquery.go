package api

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/live"
)

// streamQuery reads what of a room is asked for, and where it is to begin.
func streamQuery(c *call) (live.Query, error) {
	q := live.Query{Born: c.room.CreatedAt}
	q.Room = c.room.Name
	values, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return q, problem.Parameter("after", v1.FaultCodeInvalidValue, "the query cannot be read")
	}
	for _, err := range []error{
		one(values, "lane", "emergency, normal or bulk", &q.Lane, parseLane),
		one(values, "type", "the type of a message", &q.Type, rooms.ParseType),
		one(values, "after", "a sequence of the log", &q.After, parsePosition),
		one(values, "since", "a date and time as in RFC 3339, with zone", &q.Since, parseSince),
	} {
		if err != nil {
			return q, err
		}
	}
	if q.Resume = values.Has("after"); q.Resume && values.Has("since") {
		return q, problem.Parameter("since", v1.FaultCodeInvalidValue, "not with after")
	}
	return q, lastEventID(c.r.Header, &q)
}

// lastEventID reads where a client that was here before goes on; it wins, since a browser sends it
// along with the query that it began with.
func lastEventID(h http.Header, q *live.Query) error {
	ids := h["Last-Event-Id"]
	if len(ids) == 0 {
		return nil
	}
	var err error
	q.After, err = parsePosition(ids[0])
	if err != nil || len(ids) > 1 {
		return problem.Parameter("Last-Event-ID", v1.FaultCodeInvalidValue, "the id of an event of this stream, which is a number")
	}
	q.Resume, q.Since = true, time.Time{}
	return nil
}

// one reads a parameter of the query that may stand there once.
func one[T any](values url.Values, name, wanted string, into *T, parse func(string) (T, error)) error {
	list := values[name]
	if len(list) == 0 {
		return nil
	}
	value, err := parse(list[0])
	if err != nil || len(list) > 1 {
		return problem.Parameter(name, v1.FaultCodeInvalidValue, wanted)
	}
	*into = value
	return nil
}

// parseLane is rooms.ParseLane but for the empty name.
func parseLane(s string) (rooms.Lane, error) {
	if s == "" {
		return "", errors.New("empty")
	}
	return rooms.ParseLane(s)
}

func parseSince(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err == nil && (t.Year() < 1970 || t.Year() > 2200) {
		err = errors.New("a time in which nothing can have been stored")
	}
	return t, err
}
