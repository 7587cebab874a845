package api

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/govcrier/crier/rooms/audit"
	"github.com/govcrier/crier/rooms/publish"
)

// quiet accepts everything at no cost, so that a benchmark measures the handler alone.
type quiet struct{}

func (quiet) Publish(context.Context, publish.Request) (publish.Receipt, error) {
	return publish.Receipt{UMID: umid, Room: "newborn", ReceivedAt: noon()}, nil
}

func (quiet) Record(context.Context, ...audit.Entry) error { return nil }
func (quiet) Note(audit.Entry)                             {}

func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

// sink is a response that goes nowhere.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
