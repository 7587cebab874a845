package oidc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// maxDocument bounds what the provider may send, in bytes.
const maxDocument = 1 << 20

// fetcher is the only way to one of the provider's documents. It asks at most once per interval and answers in between with
// what it got last, be it the document or the failure. Callers that come while a request is under way share its outcome;
// one that gives up does not cancel it for the others.
type fetcher struct {
	next    http.RoundTripper
	every   time.Duration
	timeout time.Duration
	now     func() time.Time
	accept  func(document []byte) error // called for each document before it is handed out, never twice at a time

	mu   sync.Mutex
	last *answer
}

// answer is one request's outcome, to be read once done is closed.
type answer struct {
	asked    time.Time
	done     chan struct{}
	document []byte
	err      error
}

// RoundTrip makes a fetcher an http.RoundTripper, for GET requests without a body.
func (f *fetcher) RoundTrip(r *http.Request) (*http.Response, error) {
	document, err := f.get(r.Context(), r.URL.String())
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(bytes.NewReader(document)),
		ContentLength: int64(len(document)),
		Request:       r,
	}, nil
}

// get returns the document, which is at the same URL every time. It must not be changed.
func (f *fetcher) get(ctx context.Context, url string) ([]byte, error) {
	a := f.answer(ctx, url)
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-a.done:
		return a.document, a.err
	}
}

// answer returns the last answer while it is fresh, else one that a new request will fill in.
func (f *fetcher) answer(ctx context.Context, url string) *answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if f.last != nil && (f.last.pending() || now.Sub(f.last.asked) < f.every) {
		return f.last
	}
	f.last = &answer{asked: now, done: make(chan struct{})}
	go f.fill(context.WithoutCancel(ctx), url, f.last)
	return f.last
}

func (a *answer) pending() bool {
	select {
	case <-a.done:
		return false
	default:
		return true
	}
}

func (f *fetcher) fill(ctx context.Context, url string, a *answer) {
	defer close(a.done)
	if a.document, a.err = f.fetch(ctx, url); a.err == nil {
		a.err = f.accept(a.document)
	}
}

func (f *fetcher) fetch(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := f.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %d", url, response.StatusCode)
	}
	return readDocument(response.Body)
}

func readDocument(body io.Reader) ([]byte, error) {
	document, err := io.ReadAll(io.LimitReader(body, maxDocument+1))
	switch {
	case err != nil:
		return nil, err
	case len(document) > maxDocument:
		return nil, errors.New("the provider answered with too long a document")
	case !json.Valid(document):
		return nil, errors.New("the provider answered with something else than JSON")
	}
	return document, nil
}
