package api

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// providersFake has one provider, of e-mail.
type providersFake struct{ *engine }

func (e providersFake) Providers() []channels.ProviderStatus {
	one, _ := e.Provider(rooms.Email, "first")
	return []channels.ProviderStatus{one}
}

func (e providersFake) Provider(c rooms.Channel, name string) (channels.ProviderStatus, error) {
	if c != rooms.Email || name != "first" {
		return channels.ProviderStatus{}, channels.ErrUnknownProvider
	}
	return channels.ProviderStatus{ProviderUse: e.use, Kind: "email", Weight: 70, Rate: 12.5, Nodes: 3, InHand: 2,
		Counts: map[channels.Result]int{channels.Sent: 90, channels.Deferred: 12, channels.Rejected: 3, channels.Suppressed: 1, channels.Throttled: 5},
		P50:    90 * time.Millisecond, P99: 724 * time.Millisecond}, nil
}

func (e providersFake) Try(_ context.Context, name string, d rooms.Delivery) (channels.Outcome, time.Duration, error) {
	e.tried++
	if d.To.Address.Reveal() != "a@example.com" || d.Deadline.IsZero() || !strings.Contains(d.Content.Text.Reveal(), name) {
		return channels.Outcome{Result: channels.Rejected, Code: "not what was asked for"}, 0, nil
	}
	return channels.Outcome{Result: channels.Sent, ProviderID: "4f1c9a"}, 87 * time.Millisecond, nil
}

func (e providersFake) Change(_ context.Context, c rooms.Channel, name string, to rooms.ProviderChange, entry *uint64) (rooms.ProviderUse, error) {
	if entry != nil && *entry != e.use.Entry {
		return e.use, registry.ErrRevision
	}
	to.At = noon()
	e.use = e.use.With(to)
	e.use.Entry++
	return e.use, nil
}

func TestProviders(t *testing.T) {
	const first = "/v1/providers/email/first"
	for _, tc := range []struct {
		method, path, body string
		match              []string
		status             int
		want               string // part of the answer
		etag               string
	}{
		{"GET", "/v1/providers", "", nil, 200, `"reason":"12 of 100 calls failed","rejected":4,"sent":90,"since":"2026-11-22T12:00:00Z","state":"running","throttled":5`, ""},
		{"GET", first, "", nil, 200, `"deferred":12,"factor":50,"inFlight":2,"kind":"email","name":"first","nodes":3,"open":false,"p50":90,"p99":724,"rate":12.5`, `"7"`},
		{"GET", first, "", nil, 200, `"changes":[{"at":"2026-11-22T12:00:00Z","by":"root","factor":80,"state":"pinned"}]`, `"7"`},
		{"GET", "/v1/providers/email/second", "", nil, 404, `"code":"unknown_provider"`, ""},
		{"GET", "/v1/providers/carrier-pigeon/first", "", nil, 404, `"code":"unknown_provider"`, ""},
		{"PUT", first, `{"state":"pinned","factor":250}`, nil, 200, `"factor":250`, `"8"`},
		{"PUT", first, `{"state":"pinned","factor":0}`, nil, 200, `"factor":0`, `"8"`},
		{"PUT", first, `{"state":"drained"}`, []string{"If-Match", `"7"`}, 200, `"state":"drained"`, `"8"`},
		{"PUT", first, `{"state":"drained"}`, []string{"If-Match", `"6"`}, 412, `"code":"revision_mismatch"`, ""},
		{"PUT", first, `{"state":"running","factor":101}`, nil, 400, `"pointer":"/factor"`, ""},
		{"PUT", first, `{"state":"pinned","factor":1001}`, nil, 400, `"pointer":"/factor"`, ""},
		{"PUT", first, `{"state":"asleep"}`, nil, 400, `"pointer":"/state"`, ""},
		{"PUT", first, `{"factor":10}`, nil, 400, `"pointer":"/state"`, ""},
		{"PUT", first, `{"state":"running","why":"x"}`, nil, 400, `"pointer":"/why"`, ""},
		{"POST", first + "/test", `{"email":"a@example.com"}`, nil, 200, `{"providerId":"4f1c9a","result":"sent","took":87}`, ""},
		{"POST", first + "/test", `{"phone":"+996555000111"}`, nil, 400, `"code":"invalid_parameter"`, ""},
		{"POST", first + "/test", `{}`, nil, 400, `"code":"invalid_request"`, ""},
	} {
		e := newEngine()
		w := ask{tc.method, tc.path, "root+admin", tc.body, tc.match}.of(newServer(e))
		if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.want) || tc.etag != "" && w.Header().Get("ETag") != tc.etag {
			t.Errorf("%s %s %s: %d %s %s", tc.method, tc.path, tc.body, w.Code, w.Header().Get("ETag"), w.Body)
		}
		if tc.status != 200 && (e.tried > 0 || e.use.Entry != 7) {
			t.Errorf("%s %s %s: refused, and done all the same", tc.method, tc.path, tc.body)
		}
	}
}
