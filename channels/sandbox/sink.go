package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

// sink posts items to another process.
type sink struct {
	url    string
	client *http.Client
}

// newSink makes a client that keeps as many connections open as deliveries may be in hand,
// and follows no redirects.
func newSink(url string) *sink {
	transport := &http.Transport{MaxIdleConns: 0, MaxIdleConnsPerHost: 256}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &sink{url, &http.Client{Transport: transport, CheckRedirect: stay}}
}

// post says sent if the sink answers 2xx. What it says beside its status is not read.
func (s *sink) post(ctx context.Context, it item) channels.Outcome {
	body, err := json.Marshal(it, jsontext.EscapeForJS(true)) // no line break of any kind in the body
	if err != nil {
		return channels.Outcome{Result: channels.Rejected, Code: "unencodable"}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unreachable, Code: "url"}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", fmt.Sprintf("%s-%d", it.UMID, it.N))
	response, err := s.client.Do(request)
	switch {
	case err != nil && ctx.Err() != nil: // it may have been taken
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unknown}
	case err != nil:
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unreachable}
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, 4<<10) // so that the connection can be used again
	if response.StatusCode/100 != 2 {
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Deferred, Code: fmt.Sprintf("HTTP %d", response.StatusCode)}
	}
	return channels.Outcome{Result: channels.Sent}
}
