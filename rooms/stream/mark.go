package stream

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

// Mark is what is kept of a page that has become jobs. While it is there the page cannot become
// jobs again, and planning that was interrupted goes on behind it.
type Mark struct {
	Recipients string `json:"recipients"`    // a letter for each; see rooms.MarkChannel
	Sequence   uint64 `json:"seq,omitzero"`  // of the last subscriber on the page
	Last       bool   `json:"last,omitzero"` // no page follows
	Message    uint64 `json:"msg,omitzero"`  // position of the message in the room's log
}

// Mark reads the mark of a page; ok is false if it has not become jobs. One that cannot be read,
// which is reported, counts as the last of its message: nothing is planned behind what nobody knows.
func (l *Log) Mark(ctx context.Context, lane rooms.Lane, umid rooms.UMID, page int) (m Mark, ok bool, err error) {
	s, err := l.entry(ctx, queueName(lane), get{Last: rooms.DoneSubject(lane, umid, page)})
	if errors.Is(err, ErrGone) {
		return Mark{}, false, nil
	}
	if err != nil {
		return Mark{}, false, err
	}
	if err := json.Unmarshal(s.data, &m); err != nil {
		l.options.Log.Error("the mark of a page cannot be read; its message is planned no further", "umid", string(umid), "page", page, "error", err)
		return Mark{Last: true}, true, nil
	}
	return m, true, nil
}

// marker is the entry that keeps a mark: it can be stored once.
func (l *Log) marker(lane rooms.Lane, p PageJobs) (*nats.Msg, error) {
	data, err := json.Marshal(p.Mark)
	if err != nil {
		return nil, fmt.Errorf("stream: mark a page: %w", err)
	}
	return &nats.Msg{
		Subject: rooms.DoneSubject(lane, p.UMID, p.Page),
		Header:  nats.Header{headerExpectedLast: {strconv.Itoa(0)}, "Nats-TTL": {l.options.MarkerTTL.String()}},
		Data:    data,
	}, nil
}
